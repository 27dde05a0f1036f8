import { type Clock, WaitTimeoutError, waitUntil } from "../../src/base/index.ts";
import { checkExpectations, type Finding } from "../expect/index.ts";
import type { Verify } from "../fault/index.ts";
import type { Observer } from "../observe/index.ts";
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
    const look = async (): Promise<true | undefined> => {
      const evidence = collector.evidenceWith(await observer.snapshot());
      findings = checkExpectations(evidence, { expect, pointer, withDefaults: false });
      return findings.length === 0 ? true : undefined;
    };
    try {
      await waitUntil({ clock, until: look, withinMs, everyMs: LOOK_EVERY_MS, describe: "verify to be met" });
      return undefined;
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error;
      return findings.map(({ message }) => message).join("; ");
    }
  };
}
