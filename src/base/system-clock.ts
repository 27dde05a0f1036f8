import type { Clock, Timer } from "./clock.ts";

const NANOSECONDS_PER_MILLISECOND = 1e6;

/** The machine's own clock. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => Number(process.hrtime.bigint()) / NANOSECONDS_PER_MILLISECOND,
    setTimer(delayMs, callback): Timer {
      const handle = setTimeout(callback, Math.max(0, delayMs));
      return { cancel: () => clearTimeout(handle) };
    },
    setPeriodic(periodMs, callback): Timer {
      const handle = setInterval(callback, periodMs);
      return { cancel: () => clearInterval(handle) };
    },
    sleep(delayMs, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const handle = setTimeout(done, Math.max(0, delayMs));
        function done(): void {
          clearTimeout(handle);
          signal?.removeEventListener("abort", done);
          resolve();
        }
        signal?.addEventListener("abort", done);
      });
    },
  };
}
