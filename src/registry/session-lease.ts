import { type Clock, errorMessage, type Timer } from "../base/index.ts";
import type { SessionState } from "./registry.ts";

/**
 * What a client knows about its own session, from its own clock alone. The same for all back ends.
 *
 * | state     | while                                                                                     |
 * | --------- | ----------------------------------------------------------------------------------------- |
 * | CONNECTED | the last answer is younger than 2 T / 5 and the connection stands                         |
 * | SUSPENDED | no answer for 2 T / 5, or the connection is down; the session may well be alive           |
 * | LOST      | the lease deadline is over, or the registry said that the session ended. Final            |
 * | CLOSED    | we ended it. Final                                                                        |
 *
 * The state is computed from the time at each question, so that a process that stood still sees LOST when it asks, even
 * before the timer that tells the listeners had its turn.
 */
export class SessionLease {
  readonly timeoutMs: number;
  readonly #clock: Clock;
  readonly #stateListeners = new Set<(state: SessionState) => void>();
  readonly #leaseListeners = new Set<(leaseDeadlineMs: number) => void>();
  #deadlineMs: number;
  #answeredMs: number;
  #down = false;
  #ended: "LOST" | "CLOSED" | undefined;
  #told: SessionState = "CONNECTED";
  #timer: Timer | undefined;

  /** `sentMs`: when the request was sent whose answer was the session. */
  constructor(options: { readonly clock: Clock; readonly timeoutMs: number; readonly sentMs: number }) {
    this.#clock = options.clock;
    this.timeoutMs = options.timeoutMs;
    this.#deadlineMs = leaseDeadlineOf(options.sentMs, options.timeoutMs);
    this.#answeredMs = options.clock.monotonicMs();
    this.#arm();
  }

  get state(): SessionState {
    if (this.#ended !== undefined) return this.#ended;
    const now = this.#clock.monotonicMs();
    if (now >= this.#deadlineMs) return "LOST";
    return this.#down || now >= this.#suspendAtMs ? "SUSPENDED" : "CONNECTED";
  }

  /** LOST or CLOSED. */
  get isOver(): boolean {
    const state = this.state;
    return state === "LOST" || state === "CLOSED";
  }

  get leaseDeadlineMs(): number {
    return this.#deadlineMs;
  }

  onState(listener: (state: SessionState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  onLease(listener: (leaseDeadlineMs: number) => void): () => void {
    this.#leaseListeners.add(listener);
    return () => this.#leaseListeners.delete(listener);
  }

  /** A renewal that was sent at `sentMs` has been answered. Too late is too late: a lease that is over stays over. */
  renewed(sentMs: number): void {
    if (!this.isOver) {
      this.#answeredMs = this.#clock.monotonicMs();
      this.#down = false;
      const deadlineMs = leaseDeadlineOf(sentMs, this.timeoutMs);
      if (deadlineMs > this.#deadlineMs) {
        this.#deadlineMs = deadlineMs;
        tellAll(this.#leaseListeners, deadlineMs);
      }
    }
    this.#settle();
  }

  /** The connection broke; the next renewal that is answered brings it back. */
  connectionDown(): void {
    this.#down = true;
    this.#settle();
  }

  /** The registry ended the session. */
  lose(): void {
    this.#ended ??= "LOST";
    this.#settle();
  }

  /** We end the session. One that is lost stays LOST. */
  close(): void {
    this.#ended ??= this.state === "LOST" ? "LOST" : "CLOSED";
    this.#settle();
  }

  get #suspendAtMs(): number {
    return this.#answeredMs + (2 * this.timeoutMs) / 5;
  }

  #settle(): void {
    const state = this.state;
    if (state === "LOST") this.#ended = "LOST";
    this.#arm();
    if (state === this.#told) return;
    this.#told = state;
    tellAll(this.#stateListeners, state);
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#ended !== undefined) return;
    const now = this.#clock.monotonicMs();
    const nextMs = now < this.#suspendAtMs ? Math.min(this.#suspendAtMs, this.#deadlineMs) : this.#deadlineMs;
    this.#timer = this.#clock.setTimer(Math.max(0, nextMs - now), () => this.#settle());
  }
}

/** F for a renewal sent at `sentMs`: K = T / 10 early, 0.001 for clocks of different speed (OWNERSHIP, "Tunables"). */
function leaseDeadlineOf(sentMs: number, timeoutMs: number): number {
  return sentMs + timeoutMs * (1 - 0.001) - timeoutMs / 10;
}

function tellAll<T>(listeners: ReadonlySet<(value: T) => void>, value: T): void {
  for (const listener of listeners) {
    try {
      listener(value);
    } catch (error) {
      // A listener that throws must not keep the others from hearing that their lease is over.
      process.emitWarning(`a listener of the registry session failed: ${errorMessage(error)}`);
    }
  }
}
