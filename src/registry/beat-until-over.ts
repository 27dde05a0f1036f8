import type { Clock } from "../base/index.ts";
import type { SessionLease } from "./session-lease.ts";

/** What a beat found: the session renewed by a request that was sent then, or unknown to the registry. */
export type BeatOutcome = { readonly sentMs: number } | "ended";

export interface HeartOptions {
  readonly clock: Clock;
  readonly lease: SessionLease;
  /** Renews the session at the registry. Throws when no answer came by the deadline (monotonic clock). */
  readonly beat: (deadlineMs: number) => Promise<BeatOutcome>;
}

/** Shortest deadline of a beat, milliseconds: below it, a busy machine alone would break good connections. */
const LEAST_DEADLINE_MS = 50;

/**
 * Renews the lease every T / 5 until the session is over; opening it was the first renewal. A beat that fails is
 * repeated
 * repeated soon, with twice the patience: a registry that is slow for everybody shall not cost the session.
 */
export async function beatUntilOver(options: HeartOptions): Promise<void> {
  const { clock, lease } = options;
  const over = new AbortController();
  const forget = lease.onState(() => {
    if (lease.isOver) over.abort();
  });
  const least = lease.timeoutMs / 10;
  let patienceMs = least;
  let refusals = 0;
  let pauseMs = least;
  while (!lease.isOver) {
    await clock.sleep(pauseMs, over.signal);
    if (lease.isOver) break;
    const begunMs = clock.monotonicMs();
    const result = await beatOnce(options, begunMs + Math.max(patienceMs, LEAST_DEADLINE_MS));
    patienceMs = result === "beaten" ? least : Math.min(2 * patienceMs, 4 * least);
    // One refusal may be of a connection that is up again at the next beat. Slowness is the lease's to judge.
    refusals = result === "refused" ? refusals + 1 : 0;
    if (refusals >= 2) lease.connectionDown();
    pauseMs =
      result === "beaten"
        ? Math.max(0, begunMs + lease.timeoutMs / 5 - clock.monotonicMs())
        : lease.timeoutMs / 20;
  }
  forget();
}

/** "refused": it failed before its time was over. */
async function beatOnce(
  { clock, lease, beat }: HeartOptions,
  deadlineMs: number,
): Promise<"beaten" | "refused" | "late"> {
  try {
    const outcome = await beat(deadlineMs);
    if (outcome === "ended") lease.lose();
    else lease.renewed(outcome.sentMs);
    return "beaten";
  } catch {
    return clock.monotonicMs() < deadlineMs ? "refused" : "late";
  }
}
