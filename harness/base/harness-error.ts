import type { SourcePosition } from "./position.ts";

/**
 * A problem that the user can do something about: what is wrong, why, and how to fix it. Families by code prefix:
 * `case/…` an invalid case file (exit 2), `arguments/…` (exit 2), `environment/…` (exit 3).
 */
export interface Problem {
  readonly code: string;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
  readonly at?: SourcePosition;
}

/** Ends the command with the exit code of its problems' family. Carries all problems that were found, not the first. */
export class HarnessError extends Error {
  override readonly name = "HarnessError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map((problem) => problem.what).join("; "), options);
    this.problems = problems;
  }
}
