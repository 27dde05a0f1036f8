import { setMaxListeners } from "node:events";
import { errorMessage } from "../base/index.ts";
import {
  assertSelf,
  type ClaimedSend,
  claimSends,
  FencedError,
  isDatabaseAway,
  selectDueInstances,
} from "../store/index.ts";
import type { AlertPorts } from "./alert-ports.ts";
import { planAlerts } from "./plan-alerts.ts";
import { carryOutSend } from "./send-alert.ts";

export interface AlertSenderOptions extends AlertPorts {
  /** This server is the active one, and in its session: looked at before every claim and every send. */
  readonly mayAct: () => boolean;
  readonly onFenced: () => void;
  /** Pause between two looks for what is due; a hint (`poke`) makes it shorter. Milliseconds. */
  readonly pollMs: number;
}

/** The lease of a row outlasts the try by so much: time to begin it, and to mark it. */
const LEASE_SLACK_MS = 2000;

/**
 * Sends what is due, again and again: plans new alerts, claims due rows channel by channel, sends them side by side.
 * Each channel has its own places, so one that hangs holds up itself alone. Several of these may run at once: a row is
 * claimed by one of them at a time.
 */
export class AlertSender {
  readonly #options: AlertSenderOptions;
  readonly #stopping = new AbortController();
  /** Cuts off the tries that are under way. */
  readonly #cutting = new AbortController();
  /** Tries under way by plugin instance. */
  readonly #open = new Map<number | null, number>();
  readonly #underWay = new Set<Promise<void>>();
  #pause = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: AlertSenderOptions) {
    this.#options = options;
    // All tries that are under way listen to it; that is no leak.
    setMaxListeners(0, this.#cutting.signal);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Tries that are under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** There may be something to do. */
  poke(): void {
    this.#pause.abort();
  }

  /** Claims nothing any more; what is under way gets `graceMs`, then it is cut off. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    this.poke();
    await this.#running;
    const all = Promise.all(this.#underWay);
    const cut = this.#options.clock.setTimer(graceMs, () => this.#cutting.abort());
    await all;
    cut.cancel();
  }

  async #run(): Promise<void> {
    const { clock, pollMs, mayAct, log } = this.#options;
    while (!this.#stopping.signal.aborted) {
      this.#pause = new AbortController();
      try {
        if (mayAct()) await this.#turn();
      } catch (error) {
        if (error instanceof FencedError) return this.#options.onFenced();
        if (!isDatabaseAway(error)) log.error(`alerts are not sent: ${errorMessage(error)}`);
        else log.warn(`alerts are sent later: ${errorMessage(error)}`);
      }
      await clock.sleep(pollMs, this.#pause.signal);
    }
  }

  /** Once: everything that is due and has a place. */
  async #turn(): Promise<void> {
    const { clock, database, mayAct } = this.#options;
    await planAlerts(this.#options, () => mayAct() && !this.#stopping.signal.aborted);
    for (const instance of await selectDueInstances(database, clock.now())) {
      if (this.#stopping.signal.aborted || !mayAct()) return;
      await this.#claim(instance);
    }
  }

  async #claim(instanceId: number | null): Promise<void> {
    const { clock, database, config, me } = this.#options;
    const limit = config.sendsPerChannel - (this.#open.get(instanceId) ?? 0);
    if (limit <= 0) return;
    const claimedAtMs = clock.monotonicMs();
    const nowMs = clock.now();
    const leaseUntilMs = nowMs + config.sendTimeoutMs + LEASE_SLACK_MS;
    const sends = await database.transaction(async (tx) => {
      await assertSelf(tx, me.incarnation);
      const { defaultGroupId } = config;
      return claimSends(tx, {
        sender: me.incarnation,
        instanceId,
        limit,
        defaultGroupId,
        nowMs,
        leaseUntilMs,
      });
    });
    for (const send of sends) this.#begin(instanceId, send, claimedAtMs + LEASE_SLACK_MS / 2);
  }

  #begin(instanceId: number | null, send: ClaimedSend, beginUntilMs: number): void {
    const { mayAct, log } = this.#options;
    this.#open.set(instanceId, (this.#open.get(instanceId) ?? 0) + 1);
    const attempt = { send, beginUntilMs, mayAct, stopping: this.#cutting.signal };
    const work = carryOutSend(this.#options, attempt)
      .catch((error: unknown) => log.warn(`alert ${send.alertId} is tried again: ${errorMessage(error)}`))
      .finally(() => {
        this.#open.set(instanceId, (this.#open.get(instanceId) ?? 1) - 1);
        this.#underWay.delete(work);
        // Its place is free.
        this.poke();
      });
    this.#underWay.add(work);
  }
}
