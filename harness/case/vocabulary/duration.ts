import type { Duration } from "../resolved-case.ts";

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

function isUnit(word: string): word is keyof typeof MILLISECONDS {
  return Object.hasOwn(MILLISECONDS, word);
}

/** Reads "500ms", "2s", "1m", "1h", "3 sessions", "0.5 sessions". Undefined for anything else. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:(ms|s|m|h)| sessions?)$/.exec(text);
  if (match === null) return undefined;
  const amount = Number(match[1]);
  const unit = match[2];
  if (unit === undefined) return { unit: "sessions", value: amount };
  return isUnit(unit) ? { unit: "ms", value: amount * MILLISECONDS[unit] } : undefined;
}

/** The milliseconds of a duration, given what the registry granted as session time-out. */
export function durationToMs(duration: Duration, sessionTimeoutMs: number): number {
  return duration.unit === "ms" ? duration.value : duration.value * sessionTimeoutMs;
}

/** As one would write it: "2s", "3 sessions". */
export function formatDuration(duration: Duration): string {
  if (duration.unit === "sessions") return duration.value === 1 ? "1 session" : `${duration.value} sessions`;
  if (duration.value % 1000 === 0) return `${duration.value / 1000}s`;
  return `${duration.value}ms`;
}
