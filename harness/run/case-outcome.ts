import type { Verdict } from "../base/index.ts";
import type { ResolvedCase } from "../case/resolved-case.ts";
import type { CaseResult } from "../report/index.ts";

/** What became of one run of one case. */
export interface CaseOutcome extends CaseResult {
  /** Draws moments and targets; the same seed draws the same ones. */
  readonly seed: number;
  /** Which run of `--repeat` this is, from 1. */
  readonly repetition: number;
}

/** A case over all its repetitions. */
export interface CaseSummary {
  readonly case: ResolvedCase;
  readonly outcomes: readonly CaseOutcome[];
  /** FLAKY: it passed in some repetitions and not in others. A finding, never a pass. */
  readonly verdict: Verdict | "FLAKY";
}

/** How bad a verdict is: of several repetitions the worst one counts. */
const ORDER: readonly Verdict[] = ["ERROR", "FAIL", "INCONCLUSIVE", "PASS", "SKIP"];

/** Sums the repetitions of each case up, in the order of the cases. */
export function summarize(outcomes: readonly CaseOutcome[]): readonly CaseSummary[] {
  const byCase = new Map<ResolvedCase, CaseOutcome[]>();
  for (const outcome of outcomes) byCase.set(outcome.case, [...(byCase.get(outcome.case) ?? []), outcome]);
  return [...byCase].map(([resolved, repetitions]) => {
    const verdicts = repetitions.map(({ judgement }) => judgement.verdict);
    const passed = verdicts.filter((verdict) => verdict === "PASS").length;
    const worst = ORDER.find((verdict) => verdicts.includes(verdict)) ?? "ERROR";
    const verdict = passed > 0 && passed < verdicts.length ? "FLAKY" : worst;
    return { case: resolved, outcomes: repetitions, verdict };
  });
}
