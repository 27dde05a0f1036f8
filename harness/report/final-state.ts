import { wordIn } from "../expect/index.ts";
import type { Row, Snapshot } from "../observe/index.ts";

const WIDEST = 60;

/** Every table that has rows, as text; columns that are empty in all rows are left out. */
export function formatTables({ tables }: Snapshot): string {
  return Object.entries(tables)
    .filter(([, rows]) => rows.length > 0)
    .map(([table, rows]) => `${table} (${rows.length})\n${formatRows(table, rows)}\n`)
    .join("\n");
}

function formatRows(table: string, rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {}).filter((column) =>
    rows.some((row) => row[column] !== null && row[column] !== ""),
  );
  const cells = rows.map((row) => columns.map((column) => cellOf(table, column, row)));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((cell) => cell[index]?.length ?? 0)),
  );
  const line = (values: readonly string[]): string =>
    `  ${values
      .map((value, index) => value.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd()}`;
  return [line(columns), ...cells.map(line)].join("\n");
}

function cellOf(table: string, column: string, row: Row): string {
  const text = String(wordIn(table, column, row[column]) ?? "").replaceAll("\n", "\\n");
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 3)}...` : text;
}

/** The registry's tree as text: locks with their holder, ephemeral entries with their session. */
export function formatRegistry({ registry }: Snapshot): string {
  return registry
    .map(({ path, kind, value, ephemeral, sessionId }) => {
      const what = kind === "lock" ? "lock     " : ephemeral ? "ephemeral" : "entry    ";
      return `${what}  ${path} = ${value}${sessionId === null ? "" : `  (session ${sessionId})`}\n`;
    })
    .join("");
}
