import { setMaxListeners } from "node:events";
import { type AlertPorts, AlertSender } from "../alert/index.ts";
import { errorMessage, type Timer } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { MasterSession } from "../master/master-session.ts";
import { nodePath } from "../model/index.ts";
import { type Figure, gauge, type NodeHealth, type NodePorts } from "../node/index.ts";
import type { Registry, RegistrySession } from "../registry/index.ts";
import {
  ALERT_CHANNEL,
  advanceSession,
  FencedError,
  insertJoining,
  markAlive,
  markLeft,
  selectAlive,
} from "../store/index.ts";
import { type AlertTiming, alertTiming } from "./alert-timing.ts";
import { Election } from "./election.ts";

export interface AlertLifeOptions {
  readonly config: NodeConfig;
  readonly ports: NodePorts;
  readonly incarnation: string;
  /** Lives before the first one of this process, dead for certain. */
  readonly predecessors: readonly string[];
  readonly registry: Registry;
  /** What sending needs; its life is this one. */
  readonly alerts: AlertPorts;
}

/**
 * One incarnation of an alert server, from its JOINING row to its end. It is over when it was fenced: what it had taken
 * to send is somebody else's by then.
 */
export class AlertLife {
  readonly incarnation: string;
  /** Resolves with the reason when this life was fenced. */
  readonly over: Promise<string>;
  #giveUp: (reason: string) => void = () => undefined;
  readonly #options: AlertLifeOptions;
  readonly #timing: AlertTiming;
  readonly #stopping = new AbortController();
  readonly #session: MasterSession;
  readonly #election: Election;
  readonly #sender: AlertSender;
  #pulse: Timer | undefined;
  #isOver = false;
  #beating = false;
  #answeredAtMs: number;
  #rejoining: Promise<void> | undefined;

  constructor(options: AlertLifeOptions) {
    const { config, ports, incarnation, registry, alerts, predecessors } = options;
    this.incarnation = incarnation;
    this.#options = options;
    this.#timing = alertTiming(config);
    this.#answeredAtMs = ports.clock.monotonicMs();
    this.over = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
    setMaxListeners(0, this.#stopping.signal);
    this.#session = new MasterSession({
      registry,
      config,
      ports,
      incarnation,
      timing: this.#timing,
      kind: "alert-server",
      more: () => ({
        isActive: this.isActive(),
        ...(predecessors.length === 0 ? {} : { replaces: predecessors }),
      }),
      onLease: () => undefined,
      onLost: (reason) => this.#sessionLost(reason),
    });
    this.#election = new Election({
      clock: ports.clock,
      log: ports.log,
      session: () => this.#sessionOfNow(),
      onChange: (active) => this.#activeChanged(active),
      retryPauseMs: this.#timing.retryPauseMs,
      stopping: this.#stopping.signal,
    });
    this.#sender = new AlertSender({
      ...alerts,
      mayAct: () => this.isActive(),
      onFenced: () => this.#fenced(),
      pollMs: this.#timing.pollMs,
    });
  }

  /** T as it was granted. */
  get sessionTimeoutMs(): number {
    return this.#session.session.timeoutMs;
  }

  /** F has not passed. */
  inSession(): boolean {
    return !this.#stopping.signal.aborted && this.#session.held;
  }

  /** Elected, and F has not passed: it may send. */
  isActive(): boolean {
    return this.inSession() && this.#election.isActive;
  }

  get health(): Omit<NodeHealth, "draining"> {
    const silentMs = this.#options.ports.clock.monotonicMs() - this.#answeredAtMs;
    const { queryTimeoutMs, heartbeatMs } = this.#timing;
    return {
      live: !this.#isOver,
      session: this.#session.state,
      leaseMs: Math.round(this.#session.leaseMs),
      database: silentMs > queryTimeoutMs + 2 * heartbeatMs ? "SILENT" : "ANSWERS",
      busy: false,
      incarnation: this.incarnation,
    };
  }

  /** What is measured when somebody asks. */
  gauges(): readonly Figure[] {
    return [
      gauge(
        "failover_alert_server_active",
        "1 if this alert server is the one that sends",
        this.isActive() ? 1 : 0,
      ),
      gauge("failover_alert_sends_running", "Tries to send that are under way", this.#sender.underWay),
    ];
  }

  /** Stands in the registry and for election when it resolves. Throws when it cannot be. */
  async join(): Promise<void> {
    const { alerts, config } = this.#options;
    const { incarnation } = this;
    const { startupTime } = this.#session;
    await insertJoining(alerts.database, {
      incarnation,
      kind: "alert-server",
      address: config.address,
      startupTime,
    });
    await this.#session.open();
    await this.#session.register();
    if (!(await markAlive(alerts.database, incarnation)))
      throw new FencedError("this alert server was fenced while it joined");
    alerts.database.listen(
      [ALERT_CHANNEL],
      () => this.#sender.poke(),
      () => this.#sender.poke(),
    );
    this.#pulse = alerts.clock.setPeriodic(this.#timing.heartbeatMs, () => void this.#beat());
    this.#election.start();
    this.#sender.start();
  }

  #sessionOfNow(): RegistrySession | undefined {
    return this.#session.held ? this.#session.session : undefined;
  }

  #activeChanged(active: boolean): void {
    const { log } = this.#options.ports;
    log.info(active ? "this is the active alert server" : "this is a stand-by");
    this.#session.refreshNode();
    if (active) this.#sender.poke();
  }

  /** Probes itself in the database, and looks whether its node still stands. */
  async #beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    const { clock, log } = this.#options.ports;
    try {
      await this.#probe();
      await this.#lookForNode();
    } catch (error) {
      if (error instanceof FencedError) return this.#fenced();
      const silentMs = clock.monotonicMs() - this.#answeredAtMs;
      if (silentMs < this.#timing.databaseLossLimitMs) return;
      this.#answeredAtMs = clock.monotonicMs();
      log.warn(`the database is lost: ${errorMessage(error)}`);
      void this.#session.session.close();
    } finally {
      this.#beating = false;
    }
  }

  /** Throws FencedError when this life is not ALIVE any more, StoreError without answer. */
  async #probe(): Promise<void> {
    const { alerts, ports } = this.#options;
    const alive = await selectAlive(alerts.database, [this.incarnation]);
    this.#answeredAtMs = ports.clock.monotonicMs();
    if (!alive.has(this.incarnation)) throw new FencedError("this alert server was fenced");
  }

  /** Wiped by somebody while the session lives: it is put back. What the registry does not answer is no news. */
  async #lookForNode(): Promise<void> {
    const path = nodePath("alert-server", this.#options.config.address, this.incarnation);
    try {
      const found = await this.#sessionOfNow()?.get(path);
      if (found === undefined) this.#session.restoreNode();
    } catch {
      // At the next beat.
    }
  }

  #fenced(): void {
    this.#isOver = true;
    this.#giveUp("this alert server was fenced: others take it for dead");
  }

  #sessionLost(reason: string): void {
    this.#options.ports.events.emit({ type: "registry.session.lost", reason });
    this.#rejoining ??= this.#rejoin().finally(() => {
      this.#rejoining = undefined;
    });
  }

  /** A new session for the same life, if nobody has fenced it; it stands for election like everybody else. */
  async #rejoin(): Promise<void> {
    const { alerts, ports } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        // A database that is away must be back first: without it there is nothing to send.
        await this.#probe();
        await this.#session.open();
        if (!(await advanceSession(alerts.database, this.incarnation, this.#session.sessionNo)))
          return this.#fenced();
        await this.#session.register();
        return this.#sender.poke();
      } catch (error) {
        if (error instanceof FencedError) return this.#fenced();
        ports.log.debug(`no new session yet: ${errorMessage(error)}`);
        await ports.clock.sleep(this.#timing.retryPauseMs, this.#stopping.signal);
      }
    }
  }

  /** Graceful: sends what is under way, hands over to the stand-by, and leaves. */
  async leave(graceMs: number): Promise<void> {
    const { alerts, ports } = this.#options;
    await this.#sender.stop(graceMs);
    // Its death is none: said before its session ends, so the fence finds nothing to fence.
    await markLeft(alerts.database, this.incarnation).catch((error: unknown) =>
      ports.log.warn(`the others will take this for a death: ${errorMessage(error)}`),
    );
    await this.end();
  }

  /** Stops everything at once. Idempotent. */
  async end(): Promise<void> {
    this.#stopping.abort();
    this.#pulse?.cancel();
    await this.#sender.stop(0);
    await this.#election.resign();
    await this.#rejoining;
    await this.#session.close();
    await this.#election.idle();
  }
}
