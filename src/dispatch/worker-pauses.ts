/** What is known of a worker that did not take a task. */
interface Pause {
  /** Refusals in a row. */
  readonly times: number;
  readonly untilMs: number;
}

/** The longest pause (source: DolphinScheduler's dispatch back-off, `min(n * 1 s, 60 s)`). */
export const LONGEST_PAUSE_MS = 60_000;

/**
 * Which workers are left alone for a while, since they refused a task or did not answer. The pause starts small,
 * doubles with each refusal in a row and is bounded; it ends at once when the worker says something new of itself.
 */
export class WorkerPauses {
  readonly #firstMs: number;
  readonly #pauses = new Map<string, Pause>();

  /** `firstMs`: the first pause. All instants are monotonic milliseconds. */
  constructor(firstMs: number) {
    this.#firstMs = Math.max(1, firstMs);
  }

  /** Notes a refusal. */
  refused(incarnation: string, nowMs: number): void {
    const times = (this.#pauses.get(incarnation)?.times ?? 0) + 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, this.#firstMs * 2 ** Math.min(times - 1, 30));
    this.#pauses.set(incarnation, { times, untilMs: nowMs + pauseMs });
  }

  /** It took a task, or it is back, or it is gone: nothing is held against it any more. */
  forget(incarnation: string): void {
    this.#pauses.delete(incarnation);
  }

  isPaused(incarnation: string, nowMs: number): boolean {
    return (this.#pauses.get(incarnation)?.untilMs ?? 0) > nowMs;
  }

  /** The next instant at which a pause ends; undefined without one. */
  nextEndMs(nowMs: number): number | undefined {
    const ends = [...this.#pauses.values()]
      .map((pause) => pause.untilMs)
      .filter((untilMs) => untilMs > nowMs);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }
}
