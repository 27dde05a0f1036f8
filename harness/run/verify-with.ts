import { type Clock, WaitTimeoutError, waitUntil } from "../../src/base/index.ts";
import { checkExpectations, type Finding } from "../expect/index.ts";
import type { Verify } from "../fault/index.ts";
import { ObservationError, type Observer, type Snapshot } from "../observe/index.ts";
import type { EvidenceCollector } from "./collect-evidence.ts";

export interface VerifyParts {
  readonly observer: Observer;
  readonly collector: EvidenceCollector;
  readonly clock: Clock;
}

const LOOK_EVERY_MS = 50;

/** Judges sections of `expect` in mid-case: what the step `verify` asks. */
export function verifyWith({ observer, collector, clock }: VerifyParts): Verify {
  return async ({ expect, withinMs, pointer }) => {
    let findings: readonly Finding[] = [];
    let snapshot: Snapshot;
    let unseen: ObservationError | undefined;
    const look = async (): Promise<true | undefined> => {
      try {
        snapshot = await observer.snapshot();
        unseen = undefined;
      } catch (error) {
        // The case may have frozen what is asked: the next look may see it.
        if (!(error instanceof ObservationError)) throw error;
        unseen = error;
        return undefined;
      }
      const evidence = collector.evidenceWith(snapshot);
      findings = checkExpectations(evidence, { expect, pointer, withDefaults: false });
      return findings.length === 0 ? true : undefined;
    };
    try {
      await waitUntil({ clock, until: look, withinMs, everyMs: LOOK_EVERY_MS, describe: "verify to be met" });
      return undefined;
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error;
      if (unseen !== undefined) throw unseen;
      return findings.map(({ message }) => message).join("; ");
    }
  };
}
