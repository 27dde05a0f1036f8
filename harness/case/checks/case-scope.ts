import type { ProblemSink } from "../problems/problem-sink.ts";
import type { CaseNames } from "./case-names.ts";

/** What the resolving of one document works on. */
export interface Scope {
  readonly sink: ProblemSink;
  readonly names: CaseNames;
  /** What this version cannot do yet: the case is a SKIP. */
  readonly unsupported: { readonly reason: string; readonly pointer: string }[];
}

/** Notes that the case cannot run in this version. */
export function notYet(scope: Scope, what: string, pointer: string): void {
  scope.unsupported.push({ reason: `${what} is not available in this version`, pointer });
}
