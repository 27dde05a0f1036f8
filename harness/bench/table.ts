/** What it is, and the figures. */
export type Row = readonly [what: string, ...figures: string[]];

/** Prints rows under a title, columns aligned. */
export function writeTable(title: string, rows: readonly Row[]): void {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((text, index) => (index === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[index] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  process.stdout.write(`\n${title}\n  ${lines.join("\n  ")}\n`);
}
