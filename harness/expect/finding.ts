import type { Verdict } from "../base/index.ts";

/** One thing that is wrong with a case's end. */
export interface Finding {
  /**
   * assumption: the case could not be carried through. expectation: a section of `expect`. invariant: a general rule.
   */
  readonly kind: "assumption" | "expectation" | "invariant";
  /** Section ("instances"), invariant ("one-owner") or code of the trouble ("moment-missed"). */
  readonly code: string;
  /** Where in the case it is asked for, a JSON pointer. */
  readonly pointer: string;
  /** One sentence: what was expected and what was there. */
  readonly message: string;
  /** Rows or lines that were there, and the event that wrote them, for people. */
  readonly details?: readonly string[];
}

export interface Judgement {
  readonly verdict: Verdict;
  /** In the order in which to read them. Empty when the verdict is PASS. */
  readonly findings: readonly Finding[];
  /** Something worth knowing beside the verdict: the reason of an expected failure. */
  readonly note?: string;
}
