import type { Duration } from "../case/resolved-case.ts";

/** A duration of a case in milliseconds; `sessionMs` is the session time-out as the registry granted it. */
export function durationMs(duration: Duration, sessionMs: number): number {
  switch (duration.unit) {
    case "ms":
      return duration.value;
    case "sessions":
      return duration.value * sessionMs;
  }
}
