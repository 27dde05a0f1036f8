import type { ResolvedCase } from "../case/resolved-case.ts";
import type { Judgement } from "../expect/index.ts";
import type { Evidence } from "../observe/index.ts";

/** A case that came to its end, however. */
export interface CaseResult {
  readonly case: ResolvedCase;
  readonly judgement: Judgement;
  /** Wall time of the case, from its database to its clean-up. */
  readonly durationMs: number;
  /** What was seen; absent when the case could not even begin. */
  readonly evidence?: Evidence;
  /** Where the evidence is kept; absent when it was not. */
  readonly evidenceDirectory?: string;
  /** Why it could not be kept although it should: a full disk, no permission. */
  readonly evidenceTrouble?: string;
}

/** "cases/failover/x.yaml", with the matrix combination. */
export function titleOf({ file, name, combination }: ResolvedCase): string {
  const title = `${file}  ${name}${combination === "" ? "" : ` [${combination}]`}`;
  // On one line, and without what would steer a terminal.
  return title.replace(/\p{Cc}+/gu, " ");
}

/** "850 ms", "1.23 s", "2 min 5 s". */
export function showDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}
