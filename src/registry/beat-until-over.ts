import type { Clock } from "../base/index.ts";
import type { SessionLease } from "./session-lease.ts";

export interface HeartOptions {
  readonly clock: Clock;
  readonly lease: SessionLease;
  /**
   * Renews the session at the registry: "ended" when the registry knows it no more. Throws when no answer came by the
   * deadline (monotonic clock).
   */
  readonly beat: (deadlineMs: number) => Promise<"beaten" | "ended">;
}

/** Shortest deadline of a beat, milliseconds: below it, a busy machine alone would break good connections. */
const LEAST_DEADLINE_MS = 50;

/** Renews the lease every T / 5 until the session is over. A beat that fails is repeated soon: there is time for it. */
export async function beatUntilOver(options: HeartOptions): Promise<void> {
  const { clock, lease } = options;
  const over = new AbortController();
  const forget = lease.onState(() => {
    if (lease.isOver) over.abort();
  });
  let missed = 0;
  while (!lease.isOver) {
    const sentMs = clock.monotonicMs();
    // Twice as much patience after each miss: a registry that is slow for everybody shall not cost the session.
    const patienceMs = Math.min((lease.timeoutMs / 10) * 2 ** missed, (lease.timeoutMs * 2) / 5);
    const beaten = await beatOnce(options, sentMs, sentMs + Math.max(patienceMs, LEAST_DEADLINE_MS));
    missed = beaten ? 0 : missed + 1;
    // One missed beat may be a slow answer, or a connection that is up again at the next.
    if (missed >= 2) lease.connectionDown();
    const pauseMs = beaten ? sentMs + lease.timeoutMs / 5 - clock.monotonicMs() : lease.timeoutMs / 20;
    if (!lease.isOver) await clock.sleep(Math.max(0, pauseMs), over.signal);
  }
  forget();
}

async function beatOnce({ lease, beat }: HeartOptions, sentMs: number, deadlineMs: number): Promise<boolean> {
  try {
    const outcome = await beat(deadlineMs);
    if (outcome === "ended") lease.lose();
    else lease.renewed(sentMs);
    return true;
  } catch {
    return false;
  }
}
