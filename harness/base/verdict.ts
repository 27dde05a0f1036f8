/**
 * What became of a case. INCONCLUSIVE: a fault did not land, or a "never" could not be evaluated. ERROR: the
 * environment or the harness failed. SKIP: cannot be run here, with the reason.
 */
export const VERDICTS = ["PASS", "FAIL", "INCONCLUSIVE", "ERROR", "SKIP"] as const;
export type Verdict = (typeof VERDICTS)[number];
