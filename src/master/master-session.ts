import { errorMessage, required } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { type NodeKind, nodePath } from "../model/index.ts";
import { isOverloaded, type MachineLoad, type NodePorts } from "../node/index.ts";
import type { Registry, RegistrySession } from "../registry/index.ts";
import type { Heartbeat } from "../rpc/index.ts";
import type { MasterTiming } from "./master-timing.ts";

export interface MasterSessionOptions {
  readonly registry: Registry;
  readonly config: NodeConfig;
  readonly ports: NodePorts;
  readonly incarnation: string;
  readonly timing: Pick<MasterTiming, "sessionTimeoutMs" | "openWithinMs" | "liveHoldMs" | "heartbeatMs">;
  /** Load of the machine. Absent: it is never BUSY. */
  readonly load?: MachineLoad;
  /** Whose presence it is. Default: a master's. */
  readonly kind?: NodeKind;
  /** What its heartbeat says beside what every node's does. Default: nothing. */
  readonly more?: () => Partial<Heartbeat>;
  /** F moved. */
  readonly onLease: (leaseDeadlineMs: number) => void;
  /** The session is over. */
  readonly onLost: (reason: string) => void;
}

/** Part of liveHold in which a node that was removed has to be back. */
const RESTORE_PART = 0.5;

/** A master's presence in the registry: one session after the other, each with the master's node. */
export class MasterSession {
  readonly #options: MasterSessionOptions;
  readonly #path: string;
  readonly #startupTime: number;
  #session: RegistrySession | undefined;
  #stops: (() => void)[] = [];
  #closed = false;
  /** The session that this master's node was put into. One that it has none in is good for nothing. */
  #registered: RegistrySession | undefined;
  /** The session whose node is being put back. */
  #restoring: RegistrySession | undefined;
  /** The session that is being given up: its renewals do not move F any more. */
  #ending: RegistrySession | undefined;
  /** What the node says now. */
  #written = "";
  /** Number of the session of now, from 1. */
  sessionNo = 0;

  constructor(options: MasterSessionOptions) {
    this.#options = options;
    this.#path = nodePath(options.kind ?? "master", options.config.address, options.incarnation);
    this.#startupTime = options.ports.clock.now();
  }

  get startupTime(): number {
    return this.#startupTime;
  }

  /** The session of now, or the last one. */
  get session(): RegistrySession {
    return required(this.#session, "registry session");
  }

  /** F is ahead, and this master stands in the registry, or stood there and puts its node back: it may act. */
  get held(): boolean {
    return this.stands && this.#ending !== this.#session;
  }

  /** The same, also while a session is being given up: what runs here has not ended yet. */
  get stands(): boolean {
    const session = this.#session;
    if (session === undefined || this.#closed || this.#registered !== session) return false;
    if (session.state === "LOST" || session.state === "CLOSED") return false;
    return this.#options.ports.clock.monotonicMs() < session.leaseDeadlineMs;
  }

  get connected(): boolean {
    return this.held && this.#session?.state === "CONNECTED";
  }

  /** State of the session of now; NONE before the first. */
  get state(): RegistrySession["state"] | "NONE" {
    return this.#session?.state ?? "NONE";
  }

  /** Up to the lease deadline; 0 when it has passed, or without a session. */
  get leaseMs(): number {
    return Math.max(0, (this.#session?.leaseDeadlineMs ?? 0) - this.#options.ports.clock.monotonicMs());
  }

  /** It takes no new work because of its load. */
  get busy(): boolean {
    return isOverloaded(this.#options.load?.usage ?? {}, this.#options.config.overload);
  }

  /** Opens a session. Throws RegistryError. Nobody sees this master before `register`. */
  async open(): Promise<void> {
    const { registry, timing, onLease } = this.#options;
    const session = await registry.open({
      sessionTimeoutMs: timing.sessionTimeoutMs,
      withinMs: timing.openWithinMs,
    });
    this.#forgetListeners();
    // One that could not be registered in would go on beating.
    const former = this.#session;
    this.#session = session;
    await former?.close();
    this.sessionNo += 1;
    const renewed = (deadlineMs: number): void => {
      if (this.#ending !== session) onLease(deadlineMs);
    };
    this.#stops = [session.onLease(renewed), session.onState((state) => this.#stateChanged(session, state))];
    onLease(session.leaseDeadlineMs);
  }

  #stateChanged(session: RegistrySession, state: RegistrySession["state"]): void {
    if (this.#closed || session !== this.#session) return;
    const { events } = this.#options.ports;
    if (state === "SUSPENDED") events.emit({ type: "registry.session.suspended" });
    else if (state === "CONNECTED") events.emit({ type: "registry.session.restored" });
    else this.#options.onLost("the session with the registry is over");
  }

  /**
   * Puts this master's node into the registry, in the present session. One of an earlier session, which may not have
   * expired yet, is removed first: writing over it would leave a node that goes with the old session.
   */
  async register(): Promise<void> {
    const { session } = this;
    if (this.sessionNo > 1) await session.delete(this.#path);
    await this.#put(session);
    const seen = await session.get(this.#path);
    if (seen?.sessionId !== session.id)
      throw new Error(`the registry does not show ${this.#path} after it was written`);
    this.#registered = session;
  }

  async #put(session: RegistrySession): Promise<void> {
    const heartbeat = JSON.stringify(this.#heartbeat());
    await session.put(this.#path, heartbeat, { ephemeral: true });
    this.#written = heartbeat;
  }

  /** Tells the registry what the heartbeat says now. What cannot be told now is told with the next change. */
  refreshNode(): void {
    const session = this.#session;
    if (session === undefined || !this.connected || session !== this.#registered) return;
    if (JSON.stringify(this.#heartbeat()) === this.#written) return;
    this.#put(session).catch((error: unknown) =>
      this.#options.ports.log.debug(`the heartbeat was not written: ${errorMessage(error)}`),
    );
  }

  /**
   * Somebody removed the node while the session lives: it is put back, again and again until it stands. Others take a
   * master without a node for dead when it has been so for liveHold. One that cannot get it back ends its session in
   * half of that time: what runs here has ended before anybody else may start it.
   */
  restoreNode(): void {
    const session = this.#session;
    if (session === undefined || this.#restoring === session) return;
    this.#restoring = session;
    void this.#restore(session).finally(() => {
      if (this.#restoring === session) this.#restoring = undefined;
    });
  }

  async #restore(session: RegistrySession): Promise<void> {
    const { ports, timing } = this.#options;
    const { clock, log } = ports;
    const giveUpAtMs = clock.monotonicMs() + timing.liveHoldMs * RESTORE_PART;
    while (this.held && session === this.#session) {
      try {
        return await this.register();
      } catch (error) {
        log.warn(`the registry node is not back yet: ${errorMessage(error)}`);
      }
      if (clock.monotonicMs() >= giveUpAtMs) return this.#giveUpSession(session);
      await clock.sleep(timing.heartbeatMs / 2);
    }
  }

  /** First the scripts that run here: as long as this master answers that it is in session nobody fences it. */
  async #giveUpSession(session: RegistrySession): Promise<void> {
    const { ports, timing, onLease } = this.#options;
    this.#ending = session;
    onLease(ports.clock.monotonicMs());
    await ports.clock.sleep(timing.heartbeatMs / 2);
    await session.close();
  }

  #heartbeat(): Heartbeat {
    const { incarnation, config, load } = this.#options;
    const { sessionNo, startupTime } = this;
    return {
      incarnation,
      address: config.address,
      pid: process.pid,
      startupTime,
      sessionNo,
      status: this.busy ? "BUSY" : "NORMAL",
      ...load?.usage,
      ...this.#options.more?.(),
    };
  }

  #forgetListeners(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Ends the session on the server. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#forgetListeners();
    await this.#session?.close();
  }
}
