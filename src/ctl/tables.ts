type Cell = unknown;
type Row = Readonly<Record<string, Cell>>;

/** Columns by the name of the field, with their headings, in order. */
export type Columns = Readonly<Record<string, string>>;

const WIDEST = 120;

function textOf(value: Cell): string {
  if (value === null || value === undefined || value === "") return "-";
  if (value === true) return "yes";
  if (value === false) return "no";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // 2024-08-01T12:30:00.000Z as people write it.
  const time = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d+Z$/.exec(text);
  const plain = time === null ? text.replaceAll(/\s+/g, " ") : `${time[1]} ${time[2]}`;
  return plain.length > WIDEST ? `${plain.slice(0, WIDEST - 3)}...` : plain;
}

/** Rows under headings, each column as wide as it has to be. Without rows: what there is none of. */
export function formatTable(rows: readonly Row[], columns: Columns, none: string): string {
  if (rows.length === 0) return `${none}\n`;
  const names = Object.keys(columns);
  const lines = [Object.values(columns), ...rows.map((row) => names.map((name) => textOf(row[name])))];
  const widths = names.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? "").length)));
  const format = (line: readonly string[]): string =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return `${lines.map(format).join("\n")}\n`;
}

/** One thing, a line per field. */
export function formatFields(row: Row, columns: Columns): string {
  const width = Math.max(...Object.values(columns).map((heading) => heading.length));
  return Object.entries(columns)
    .map(([name, heading]) => `${`${heading}:`.padEnd(width + 2)}${textOf(row[name])}\n`)
    .join("");
}

/** Those entries of a list in an answer that are objects. */
export function rowsOf(value: unknown): readonly Row[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is Row => typeof item === "object" && item !== null);
}

/** An object in an answer; empty when there is none. */
export function rowOf(value: unknown): Row {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Row) : {};
}
