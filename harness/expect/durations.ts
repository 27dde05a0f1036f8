import { durationToMs, parseDuration } from "../case/index.ts";
import type { Duration, Json, ResolvedCluster } from "../case/resolved-case.ts";

/** Milliseconds of "500ms" or "3 sessions". Undefined for what is no duration. */
export function millisecondsIn(written: Json | undefined, sessionTimeoutMs: number): number | undefined {
  const duration = typeof written === "string" ? parseDuration(written) : undefined;
  return duration === undefined ? undefined : durationToMs(duration, sessionTimeoutMs);
}

const DEFAULT_WITHIN: Duration = { unit: "ms", value: 20_000 };
const DEFAULT_STABLE_FOR: Duration = { unit: "sessions", value: 1 };

/** `within` and `stableFor` of an `expect`, in milliseconds; defaults 20 s and one session. */
export function settleTimes(
  expect: { readonly [key: string]: Json },
  sessionTimeoutMs: number,
): { readonly withinMs: number; readonly stableForMs: number } {
  const { within, stableFor } = expect;
  return {
    withinMs: millisecondsIn(within, sessionTimeoutMs) ?? durationToMs(DEFAULT_WITHIN, sessionTimeoutMs),
    stableForMs:
      millisecondsIn(stableFor, sessionTimeoutMs) ?? durationToMs(DEFAULT_STABLE_FOR, sessionTimeoutMs),
  };
}

/**
 * How long nothing has to move before nothing will: a death is noticed within two sessions, acted on after
 * `failoverDelay`, and what was missed is looked for every `reconcileInterval`. Milliseconds.
 */
export function restTime({ nodes }: Pick<ResolvedCluster, "nodes">, sessionTimeoutMs: number): number {
  const longest = (durations: readonly Duration[]): number =>
    Math.max(0, ...durations.map((duration) => durationToMs(duration, sessionTimeoutMs)));
  return (
    2 * sessionTimeoutMs +
    longest(nodes.map(({ settings }) => settings.failoverDelay)) +
    longest(nodes.map(({ settings }) => settings.reconcileInterval))
  );
}
