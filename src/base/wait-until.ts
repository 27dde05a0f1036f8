import type { Clock } from "./clock.ts";

/** How to wait for a condition. */
export interface WaitOptions<T> {
  readonly clock: Clock;
  /** Looked at until it gives something other than undefined. An exception ends the wait. */
  readonly until: () => T | undefined | Promise<T | undefined>;
  /** Limit in milliseconds; the condition is looked at a last time when it is over. */
  readonly withinMs: number;
  /** Milliseconds between two looks. Default 10. */
  readonly everyMs?: number;
  /** What is waited for, as it stands after "waited 500 ms for". */
  readonly describe: string;
  /** What was last seen, for the message of a wait in vain. */
  readonly lastSeen?: () => string;
  /** Ends the wait early, as if the limit were over. */
  readonly signal?: AbortSignal;
}

/** A wait in vain: says what for, how long, and what was there instead. */
export class WaitTimeoutError extends Error {
  override readonly name = "WaitTimeoutError";
}

/** The one way to wait: on a condition, with a limit. Throws WaitTimeoutError when the limit is over. */
export async function waitUntil<T>(options: WaitOptions<T>): Promise<T> {
  const { clock, until, withinMs, everyMs = 10, describe, lastSeen, signal } = options;
  const deadline = clock.monotonicMs() + withinMs;
  for (;;) {
    const seen = await until();
    if (seen !== undefined) return seen;
    const leftMs = deadline - clock.monotonicMs();
    if (leftMs <= 0 || signal?.aborted) {
      const instead = lastSeen === undefined ? "" : `; last seen: ${lastSeen()}`;
      throw new WaitTimeoutError(`waited ${withinMs} ms for ${describe}${instead}`);
    }
    await clock.sleep(Math.min(everyMs, leftMs), signal);
  }
}
