import type { TimingConfig } from "../config/index.ts";
import type { ConfigProblem } from "./config-reader.ts";

/** Beats per session: h = T / 5 (OWNERSHIP, "Tunables"). */
const BEATS_PER_SESSION = 5;
/** d and K, the limit of a beat and the time to kill, are a tenth of T each. */
const TENTH = 10;
/** rho: how far the rates of two clocks may be apart. */
const CLOCK_DRIFT = 0.001;

/**
 * Relations between time-outs that have to hold (OWNERSHIP, "Tunables"). What follows from T by itself holds by
 * construction; these are left to whoever writes the configuration. Says which one is broken, and how to mend it.
 */
export function checkTiming(timing: TimingConfig): readonly ConfigProblem[] {
  const { sessionTimeoutMs: T, reconcileIntervalMs: R, dispatchTimeoutMs: limitMs } = timing;
  const problems: ConfigProblem[] = [];
  if (R < T) {
    problems.push({
      key: "timing.reconcileIntervalMs",
      message:
        `is ${R}, below timing.sessionTimeoutMs (R >= T is broken: a death would be looked for before it can be ` +
        `known); write at least ${T}`,
    });
  }
  if (limitMs > 0 && limitMs < T) {
    problems.push({
      key: "timing.dispatchTimeoutMs",
      message:
        `is ${limitMs}, below timing.sessionTimeoutMs (a task would fail before the death of a worker can be known); ` +
        `write 0 for no limit, or at least ${T}`,
    });
  }
  return problems;
}

/**
 * What breaks when the registry granted another session time-out than was asked for, in one sentence; undefined when
 * nothing does. Beats keep to the time-out that was asked for.
 */
export function checkGrantedSession(askedMs: number, grantedMs: number): string | undefined {
  const beatMs = askedMs / BEATS_PER_SESSION;
  const deadlineMs = askedMs / TENTH;
  const leaseMs = grantedMs * (1 - CLOCK_DRIFT) - grantedMs / TENTH;
  if (2 * beatMs + deadlineMs < leaseMs) return undefined;
  return (
    `the registry granted a session of ${grantedMs} ms, ${askedMs} ms were asked for: 2h + d < T * (1 - rho) - K is ` +
    `broken (${2 * beatMs + deadlineMs} is not below ${Math.round(leaseMs)}), one late beat loses the session; ` +
    `set timing.sessionTimeoutMs to ${grantedMs}, or let the registry grant more`
  );
}
