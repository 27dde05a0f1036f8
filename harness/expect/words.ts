import { codesOfColumn } from "../case/index.ts";
import type { Row } from "../observe/evidence.ts";

/** What a person calls the value of a column: "SUCCESS" for 7. The value itself where there is no word for it. */
export function wordIn(table: string, column: string, value: Row[string] | undefined): Row[string] {
  const codes = codesOfColumn(table, column);
  if (value === undefined || value === null) return null;
  if (codes === undefined || typeof value !== "number") return value;
  return Object.keys(codes).find((word) => codes[word] === value) ?? value;
}

/** "retryTimes" is the column retry_times. */
export function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
