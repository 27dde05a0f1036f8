import pc from "picocolors";
import type { Problem } from "../../base/index.ts";

export interface FormatOptions {
  readonly color: boolean;
}

type Colors = ReturnType<typeof pc.createColors>;

/** Lines shown around the place of a problem. */
const CONTEXT = 2;
const MAX_WIDTH = 110;

/**
 * All problems for people: file:line:col, what, the lines around it with a caret, why, how to fix, in the order of
 * files and lines, and how many there are. Empty for no problems.
 */
export function formatProblems(
  problems: readonly Problem[],
  sources: ReadonlyMap<string, string>,
  options: FormatOptions,
): string {
  if (problems.length === 0) return "";
  const colors = pc.createColors(options.color);
  const blocks = sortProblems(problems).map((problem) => formatProblem(problem, sources, colors));
  return `${blocks.join("\n\n")}\n\n${colors.bold(summary(problems))}\n`;
}

/** In the order of files, lines and columns; those without a place first. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => {
    if (a.at === undefined || b.at === undefined)
      return Number(a.at !== undefined) - Number(b.at !== undefined);
    if (a.at.file !== b.at.file) return a.at.file < b.at.file ? -1 : 1;
    return a.at.line - b.at.line || a.at.column - b.at.column;
  });
}

function summary(problems: readonly Problem[]): string {
  const files = new Set(problems.flatMap((problem) => problem.at?.file ?? []));
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return files.size === 0 ? count : `${count} in ${files.size === 1 ? "1 file" : `${files.size} files`}`;
}

function formatProblem(problem: Problem, sources: ReadonlyMap<string, string>, colors: Colors): string {
  const { at, what, why, fix, code } = problem;
  const place =
    at === undefined ? "" : `${colors.cyan(`${at.file}:${at.line}:${at.column}`)} ${colors.dim("-")} `;
  const lines = [`${place}${colors.red("error")} ${printable(what)} ${colors.dim(`[${code}]`)}`];
  const text = at === undefined ? undefined : sources.get(at.file);
  if (at !== undefined && text !== undefined && text !== "") {
    lines.push(...frame(text, { line: at.line, column: at.column }, colors));
  }
  if (why !== undefined) lines.push(`  ${printable(why)}`);
  if (fix !== undefined) lines.push(`  ${colors.green("->")} ${printable(fix)}`);
  return lines.join("\n");
}

/** What a file holds must not steer the terminal that shows it: a control character becomes one visible character. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, "\ufffd");
}

function frame(
  text: string,
  at: { readonly line: number; readonly column: number },
  colors: Colors,
): readonly string[] {
  const all = text.split(/\r?\n/);
  const first = Math.max(1, at.line - CONTEXT);
  const last = Math.min(all.length, at.line + 1);
  const width = String(last).length;
  const lines: string[] = [];
  for (let number = first; number <= last; number += 1) {
    const line = printable((all[number - 1] ?? "").replaceAll("\t", " "));
    const here = number === at.line;
    // A long line is cut so that its caret stays in sight.
    const from = here && at.column > MAX_WIDTH ? at.column - Math.floor(MAX_WIDTH / 2) : 0;
    const shown = line.slice(from, from + MAX_WIDTH);
    const gutter = `${here ? ">" : " "} ${String(number).padStart(width)} |`;
    lines.push(`  ${colors.dim(gutter)} ${here ? shown : colors.dim(shown)}`.trimEnd());
    if (here) {
      const caret = " ".repeat(Math.max(0, at.column - 1 - from));
      lines.push(`  ${colors.dim(`  ${" ".repeat(width)} |`)} ${caret}${colors.red("^")}`);
    }
  }
  return lines;
}
