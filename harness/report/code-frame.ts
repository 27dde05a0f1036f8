import type { SourcePosition } from "../base/index.ts";
import type { Colors } from "./colors.ts";

const LINES_BEFORE = 2;
const LINES_AFTER = 1;

/** The lines of a file around a position, the place marked. Empty when the text has no such line (any more). */
export function codeFrame(text: string, at: SourcePosition, colors: Colors): readonly string[] {
  const lines = text.split("\n");
  if (at.line < 1 || at.line > lines.length) return [];
  const first = Math.max(1, at.line - LINES_BEFORE);
  const last = Math.min(lines.length, at.line + LINES_AFTER);
  const width = String(last).length;
  return lines.slice(first - 1, last).flatMap((line, index) => {
    const number = first + index;
    const here = number === at.line;
    const shown = `${here ? ">" : " "} ${String(number).padStart(width)} | ${line.trimEnd()}`;
    if (!here) return [colors.dim(shown)];
    const mark = `  ${" ".repeat(width)} | ${" ".repeat(Math.max(0, at.column - 1))}^`;
    return [shown, colors.red(mark)];
  });
}
