import { RegistryError } from "./registry.ts";
import type { SessionLease } from "./session-lease.ts";

/** Longest time an operation takes, milliseconds (OWNERSHIP: q <= T / 4; a second is granted to short sessions too). */
export function operationLimitMs(timeoutMs: number): number {
  return Math.max(timeoutMs / 4, 1000);
}

/** Throws SESSION_LOST when the session is over. */
export function assertAlive(lease: SessionLease, cause?: unknown): void {
  const { state } = lease;
  if (state !== "LOST" && state !== "CLOSED") return;
  throw new RegistryError("SESSION_LOST", `the registry session is ${state}: open a new one`, { cause });
}
