import type { Clock, Timer } from "../../base/index.ts";

interface Due {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that stands until it is told to go on; for checks of what depends on time alone. */
export class ManualClock implements Clock {
  readonly #due = new Set<Due>();
  #nowMs = 1000;

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const due = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#due.add(due);
    return { cancel: () => this.#due.delete(due) };
  }

  setPeriodic(periodMs: number, callback: () => void): Timer {
    let timer: Timer;
    const tick = (): void => {
      timer = this.setTimer(periodMs, tick);
      callback();
    };
    timer = this.setTimer(periodMs, tick);
    return { cancel: () => timer.cancel() };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(delayMs, resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#due.size;
  }

  /** Lets time pass, with every timer at its moment. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const [next] = [...this.#due]
        .filter(({ atMs }) => atMs <= endMs)
        .sort((one, other) => one.atMs - other.atMs);
      if (next === undefined) break;
      this.#due.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }

  /** Lets time pass without any timer, as when the process stands still. */
  stall(byMs: number): void {
    this.#nowMs += byMs;
  }
}
