import { EXIT_CODES } from "../base/index.ts";
import type { CaseSummary } from "./case-outcome.ts";

/** The exit code of a run: the worst of its cases; a failed case before an inconclusive one. */
export function exitCodeOf(summaries: readonly CaseSummary[], interrupted: boolean): number {
  if (interrupted) return EXIT_CODES.interrupted;
  const verdicts = new Set(summaries.map(({ verdict }) => verdict));
  if (verdicts.has("FAIL") || verdicts.has("FLAKY")) return EXIT_CODES.failed;
  // The case could not be carried through: for a reason outside of it, or because its rows are refused.
  if (verdicts.has("ERROR"))
    return summaries.every(isItsOwnFault) ? EXIT_CODES.invalid : EXIT_CODES.environment;
  if (verdicts.has("INCONCLUSIVE")) return EXIT_CODES.inconclusive;
  return EXIT_CODES.passed;
}

/** No error, or one of what the case says: the family `case/…`. */
function isItsOwnFault({ verdict, outcomes }: CaseSummary): boolean {
  if (verdict !== "ERROR") return true;
  const errors = outcomes.filter(({ judgement }) => judgement.verdict === "ERROR");
  return errors.every(({ judgement }) => judgement.findings.some(({ code }) => code.startsWith("case/")));
}
