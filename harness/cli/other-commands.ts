import { readFileSync } from "node:fs";
import { EXIT_CODES } from "../base/index.ts";
import { explainCase } from "../case/index.ts";
import { applyExpectedFailure, judge } from "../expect/index.ts";
import type { Evidence } from "../observe/index.ts";
import {
  type CaseResult,
  type Colors,
  formatFailure,
  readEvidence,
  titleOf,
  unjudgeable,
} from "../report/index.ts";
import { exitCodeOf } from "../run/index.ts";
import type { SelectOptions } from "./create-program.ts";
import { readCases } from "./read-cases.ts";
import { selectCases } from "./select-cases.ts";
import type { Terminal } from "./terminal.ts";

/** `failover validate`: all problems of all files, or how many cases there are. */
export function validateCommand(paths: readonly string[], terminal: Terminal): number {
  const { cases } = readCases(paths);
  const files = new Set(cases.map(({ file }) => file)).size;
  const ofFiles = `${files} ${files === 1 ? "file" : "files"}`;
  const ofCases = `${cases.length} ${cases.length === 1 ? "case" : "cases"}`;
  terminal.write(`${ofFiles}, ${ofCases}, no problem\n`);
  return EXIT_CODES.passed;
}

/** `failover list`: a line per case. */
export function listCommand(paths: readonly string[], options: SelectOptions, terminal: Terminal): number {
  const { cases } = readCases(paths);
  for (const resolved of selectCases(cases, options)) {
    const { tags, refs } = resolved;
    terminal.write(`${titleOf(resolved)}  ${terminal.colors.dim([...tags, ...refs].join(" "))}\n`);
  }
  return EXIT_CODES.passed;
}

/** `failover explain`: what each combination of a case means. */
export function explainCommand(file: string, terminal: Terminal): number {
  const { cases } = readCases([file]);
  terminal.write(`${cases.map((resolved) => explainCase(resolved)).join("\n\n")}\n`);
  return EXIT_CODES.passed;
}

/** `failover judge`: the verdict on evidence that was kept, made again. */
export async function judgeCommand(directory: string, terminal: Terminal): Promise<number> {
  const { write, colors } = terminal;
  const evidence = await readEvidence(directory);
  const { result, text } = judgeAgain(directory, evidence, colors);
  write(text);
  const { judgement } = result;
  const outcome = { ...result, seed: evidence.seed, repetition: 1 };
  return exitCodeOf([{ case: evidence.case, outcomes: [outcome], verdict: judgement.verdict }], false);
}

interface JudgedAgain {
  readonly result: CaseResult;
  readonly text: string;
}

/** Throws HarnessError (arguments/damaged-evidence) for what only looks like the evidence of a run. */
function judgeAgain(directory: string, evidence: Evidence, colors: Colors): JudgedAgain {
  try {
    const judgement = applyExpectedFailure(judge(evidence), evidence.case.xfail);
    const result = { case: evidence.case, judgement, durationMs: evidence.snapshot.atMs, evidence };
    const failure = formatFailure({ ...result, evidenceDirectory: directory }, { colors, readText });
    return { result, text: `${failure}\n` };
  } catch (error) {
    throw unjudgeable(directory, error);
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The evidence may have come from another machine, without the case's file.
    return undefined;
  }
}
