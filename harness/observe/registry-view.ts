import type { Clock } from "../../src/base/index.ts";
import type { RegistryRecord } from "./evidence.ts";

/** The judge's own view of a registry, with its own client: reads only, every answer within a limit. */
export interface RegistryView {
  /**
   * Everything below the case's root, locks translated, by path; a lock's value is its holder, "address@incarnation"
   * when it is a registered node. Throws ObservationError.
   */
  tree(): Promise<readonly RegistryRecord[]>;
  /** Never hangs, never throws. Idempotent. */
  close(): Promise<void>;
}

export interface RegistryViewOptions {
  readonly clock: Clock;
  /** Limit of one answer, the connection included. Default 2000 ms. */
  readonly deadlineMs?: number;
}
