/** A timer that was set and can still be cancelled. */
export interface Timer {
  /** Cancels it; does nothing once it has fired. */
  cancel(): void;
}

/**
 * Where time comes from. Nothing outside the adapters reads the machine's clock, so that a simulated tier can inject
 * its
 * own. All callbacks run in their own turn of the event loop, never inside the call that set them.
 */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. For rows and displays only: it may jump. */
  now(): number;
  /**
   * Monotonic clock in milliseconds, with fractions. One origin for all processes of a machine (on Linux
   * CLOCK_MONOTONIC), so that a node may hand a deadline to its guard. Never jumps; all time-outs are measured on it.
   */
  monotonicMs(): number;
  /** Calls back once, after `delayMs` or later. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls back every `periodMs` until cancelled. A late tick is not made up for. */
  setPeriodic(periodMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`, or at once when the signal aborts: look at the signal afterwards. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
