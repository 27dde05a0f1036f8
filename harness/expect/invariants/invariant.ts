import type { Facts } from "../facts.ts";

/** A breach of an invariant. */
export interface Breach {
  /** One sentence: who did what, when. */
  readonly message: string;
  readonly details?: readonly string[];
}

/** A rule that every case has to keep, whatever it expects. */
export interface Invariant {
  /** As in CASE-FORMAT: what `waive` and `xfail` name. */
  readonly name: string;
  /** The rule in a few words, for the message. */
  readonly rule: string;
  readonly check: (facts: Facts) => readonly Breach[];
}
