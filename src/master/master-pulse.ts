import { type Clock, errorMessage, type Timer } from "../base/index.ts";
import type { NodePorts } from "../node/index.ts";
import {
  type Database,
  FencedError,
  selectAlive,
  selectAttemptsOnDeadWorkers,
  selectWorkflowsWithFreeSlots,
  selectWorkflowsWithNews,
} from "../store/index.ts";
import type { MasterTiming } from "./master-timing.ts";
import type { RunTable } from "./run-table.ts";

export interface MasterPulseOptions {
  readonly ports: NodePorts;
  readonly database: Database;
  readonly probes: Database;
  readonly incarnation: string;
  readonly timing: MasterTiming;
  readonly runs: RunTable;
  readonly stopping: AbortSignal;
  readonly onFenced: () => void;
  /** The database has not answered for the limit. */
  readonly onDatabaseLost: () => void;
  /** Time for a reconciliation. */
  readonly looked: () => void;
}

/** What a master does from time to time: it probes the database and itself, and looks for news whose hint was lost. */
export class MasterPulse {
  readonly #options: MasterPulseOptions;
  readonly #clock: Clock;
  readonly #timers: Timer[] = [];
  #lastTickMs: number;
  #stalledUntilMs = 0;
  #answeredAtMs: number;
  #probing = false;
  #looking = false;

  constructor(options: MasterPulseOptions) {
    this.#options = options;
    this.#clock = options.ports.clock;
    this.#lastTickMs = this.#clock.monotonicMs();
    this.#answeredAtMs = this.#lastTickMs;
  }

  /**
   * This process did not run for more than half a session, less than a session ago (it was stopped, or starved). What
   * it
   * believes about others is older than it knows: it judges nobody until a session has passed.
   */
  get stalled(): boolean {
    this.#noteGap();
    return this.#clock.monotonicMs() < this.#stalledUntilMs;
  }

  /** For how long the database has not answered. At most one beat while it does. */
  get databaseSilentMs(): number {
    return this.#clock.monotonicMs() - this.#answeredAtMs;
  }

  #noteGap(): void {
    const nowMs = this.#clock.monotonicMs();
    const { sessionTimeoutMs } = this.#options.timing;
    if (nowMs - this.#lastTickMs > sessionTimeoutMs / 2) this.#stalledUntilMs = nowMs + sessionTimeoutMs;
  }

  start(): void {
    const { timing } = this.#options;
    this.#lastTickMs = this.#clock.monotonicMs();
    this.#timers.push(
      this.#clock.setPeriodic(timing.heartbeatMs, () => this.#beat()),
      this.#clock.setPeriodic(timing.newsPollMs, () => void this.#lookForNews()),
      this.#clock.setPeriodic(timing.reconcileIntervalMs, () => this.#options.looked()),
    );
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }

  #beat(): void {
    this.#noteGap();
    this.#lastTickMs = this.#clock.monotonicMs();
    if (this.#probing) return;
    this.#probing = true;
    this.probe()
      .catch((error: unknown) => {
        if (error instanceof FencedError) return this.#options.onFenced();
        const silentMs = this.#clock.monotonicMs() - this.#answeredAtMs;
        if (silentMs < this.#options.timing.databaseLossLimitMs) return;
        this.#answeredAtMs = this.#clock.monotonicMs();
        this.#options.ports.log.warn(`the database is lost: ${errorMessage(error)}`);
        this.#options.onDatabaseLost();
      })
      .finally(() => {
        this.#probing = false;
      });
  }

  /**
   * Asks the database whether this life is still ALIVE. Throws FencedError when it is not, StoreError without
   * answer.
   */
  async probe(): Promise<void> {
    const { probes, incarnation } = this.#options;
    const alive = await selectAlive(probes, [incarnation]);
    this.#answeredAtMs = this.#clock.monotonicMs();
    if (!alive.has(incarnation))
      throw new FencedError(`incarnation ${incarnation} is not ALIVE in t_ds_server`);
  }

  async #lookForNews(): Promise<void> {
    if (this.#looking || this.#options.stopping.aborted) return;
    this.#looking = true;
    const { database, incarnation, runs, ports } = this.#options;
    try {
      const news = await selectWorkflowsWithNews(database, incarnation);
      const orphans = await selectAttemptsOnDeadWorkers(database, incarnation);
      const slots = await selectWorkflowsWithFreeSlots(database, incarnation);
      for (const id of new Set([...news, ...slots, ...orphans.map((orphan) => orphan.workflowInstanceId)]))
        runs.poke(id);
    } catch (error) {
      ports.log.debug(`no look for news: ${errorMessage(error)}`);
    } finally {
      this.#looking = false;
    }
  }
}
