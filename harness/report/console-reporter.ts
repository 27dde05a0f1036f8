import type { Clock, Timer } from "../../src/base/index.ts";
import { VERDICTS, type Verdict } from "../base/index.ts";
import type { ResolvedCase } from "../case/resolved-case.ts";
import { type CaseResult, showDuration, titleOf } from "./case-result.ts";
import type { Colors } from "./colors.ts";
import { formatFailure } from "./failure-block.ts";

export interface ConsoleReporterOptions {
  readonly write: (text: string) => void;
  /** A terminal gets a line of live progress that is written over. */
  readonly isTerminal: boolean;
  /** Width of the terminal. Default 100. */
  readonly columns?: number;
  readonly colors: Colors;
  readonly clock: Clock;
  readonly readText: (file: string) => string | undefined;
  /** Shows the story of passed cases, too. Default false. */
  readonly verbose?: boolean;
}

/** Tells people how a run goes. */
export interface ConsoleReporter {
  runStarted(run: { readonly cases: number; readonly environment: string; readonly seed: number }): void;
  caseStarted(resolved: ResolvedCase): void;
  caseFinished(result: CaseResult): void;
  /** The summary, last. */
  runFinished(): void;
}

const PROGRESS_MS = 250;
const CLEAR_LINE = "\r\u001b[2K";

export function createConsoleReporter(options: ConsoleReporterOptions): ConsoleReporter {
  const { write, isTerminal, columns = 100, colors, clock, readText, verbose = false } = options;
  const results: CaseResult[] = [];
  const running = new Map<ResolvedCase, number>();
  let expected = 0;
  let startMs = clock.monotonicMs();
  let ticking: Timer | undefined;

  const clear = (): void => {
    if (isTerminal && ticking !== undefined) write(CLEAR_LINE);
  };
  const progress = (): void => {
    if (!isTerminal) return;
    const names = [...running].map(
      ([{ file }, since]) => `${file} ${Math.floor((clock.monotonicMs() - since) / 1000)}s`,
    );
    const line = `${results.length}/${expected}  ${names.join("  ")}`;
    write(CLEAR_LINE + colors.dim(line.slice(0, Math.max(20, columns - 1))));
  };

  return {
    runStarted({ cases, environment, seed }) {
      expected = cases;
      startMs = clock.monotonicMs();
      write(`${environment}; ${cases} ${cases === 1 ? "case" : "cases"}, seed ${seed}\n\n`);
      if (isTerminal) ticking = clock.setPeriodic(PROGRESS_MS, progress);
    },
    caseStarted(resolved) {
      running.set(resolved, clock.monotonicMs());
      progress();
    },
    caseFinished(result) {
      running.delete(result.case);
      results.push(result);
      clear();
      const { verdict } = result.judgement;
      const good = verdict === "PASS" || verdict === "SKIP";
      if (good) write(`${caseLine(result, colors)}\n`);
      if (!good || (verbose && result.evidence !== undefined))
        write(`${good ? "" : "\n"}${formatFailure(result, { colors, readText })}\n`);
      if (ticking !== undefined) progress();
    },
    runFinished() {
      clear();
      ticking?.cancel();
      ticking = undefined;
      write(summary(results, clock.monotonicMs() - startMs, colors));
    },
  };
}

function caseLine(result: CaseResult, colors: Colors): string {
  const { judgement } = result;
  const verdict = paint(judgement.verdict, colors)(judgement.verdict.padEnd(5));
  const reason =
    judgement.verdict === "SKIP" ? `\n       ${judgement.findings[0]?.message ?? "no reason"}` : "";
  const lost = result.evidenceTrouble;
  const note = [judgement.note, lost === undefined ? undefined : `the evidence could not be kept: ${lost}`]
    .map((text) => (text === undefined ? "" : `\n       ${text}`))
    .join("");
  const time = colors.dim(showDuration(result.durationMs));
  return `${verdict}  ${titleOf(result.case)}  ${time}${colors.dim(reason + note)}`;
}

function paint(verdict: Verdict, colors: Colors): (text: string) => string {
  switch (verdict) {
    case "PASS":
      return colors.green;
    case "SKIP":
      return colors.yellow;
    case "INCONCLUSIVE":
      return colors.magenta;
    case "FAIL":
    case "ERROR":
      return colors.red;
  }
}

const WORDS: Readonly<Record<Verdict, string>> = {
  PASS: "passed",
  FAIL: "failed",
  INCONCLUSIVE: "inconclusive",
  ERROR: "with errors",
  SKIP: "skipped",
};

function summary(results: readonly CaseResult[], durationMs: number, colors: Colors): string {
  const counts = VERDICTS.flatMap((verdict) => {
    const number = results.filter(({ judgement }) => judgement.verdict === verdict).length;
    return number === 0 ? [] : [paint(verdict, colors)(`${number} ${WORDS[verdict]}`)];
  });
  const notGood = results.filter(({ judgement: { verdict } }) => verdict !== "PASS" && verdict !== "SKIP");
  // What went wrong once more, where the eye is at the end; a single case has just been told.
  const bad = results.length === 1 ? [] : notGood;
  const list = bad.map((result) => {
    const first = result.judgement.findings[0]?.message ?? "";
    const { verdict } = result.judgement;
    return `  ${paint(verdict, colors)(verdict)}  ${titleOf(result.case)}\n        ${first}`;
  });
  const total = `${counts.join(", ") || "no case ran"} in ${showDuration(durationMs)}`;
  return `\n${list.length === 0 ? "" : `${list.join("\n")}\n\n`}${total}\n`;
}
