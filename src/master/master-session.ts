import { errorMessage, required } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { nodePath } from "../model/index.ts";
import { isOverloaded, type MachineLoad, type NodePorts } from "../node/index.ts";
import type { Registry, RegistrySession } from "../registry/index.ts";
import type { Heartbeat } from "../rpc/index.ts";
import type { MasterTiming } from "./master-timing.ts";

export interface MasterSessionOptions {
  readonly registry: Registry;
  readonly config: NodeConfig;
  readonly ports: NodePorts;
  readonly incarnation: string;
  readonly timing: MasterTiming;
  readonly load: MachineLoad;
  /** F moved. */
  readonly onLease: (leaseDeadlineMs: number) => void;
  /** The session is over. */
  readonly onLost: (reason: string) => void;
}

/** A master's presence in the registry: one session after the other, each with the master's node. */
export class MasterSession {
  readonly #options: MasterSessionOptions;
  readonly #path: string;
  readonly #startupTime: number;
  #session: RegistrySession | undefined;
  #stops: (() => void)[] = [];
  #closed = false;
  /** The session in which the node stands, as far as this process knows. */
  #registeredIn: RegistrySession | undefined;
  #written = "";
  /** Number of the session of now, from 1. */
  sessionNo = 0;

  constructor(options: MasterSessionOptions) {
    this.#options = options;
    this.#path = nodePath("master", options.config.address, options.incarnation);
    this.#startupTime = options.ports.clock.now();
  }

  get startupTime(): number {
    return this.#startupTime;
  }

  /** The session of now, or the last one. */
  get session(): RegistrySession {
    return required(this.#session, "registry session");
  }

  /** Connected, and F is ahead. */
  get held(): boolean {
    const session = this.#session;
    if (session === undefined || this.#closed || session.state === "LOST" || session.state === "CLOSED")
      return false;
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
    return isOverloaded(this.#options.load.usage, this.#options.config.overload);
  }

  /** Opens a session. Throws RegistryError. Nobody sees this master before `register`. */
  async open(): Promise<void> {
    const { registry, timing, onLease } = this.#options;
    const session = await registry.open({
      sessionTimeoutMs: timing.sessionTimeoutMs,
      withinMs: timing.openWithinMs,
    });
    this.#forgetListeners();
    this.#session = session;
    this.sessionNo += 1;
    this.#stops = [session.onLease(onLease), session.onState((state) => this.#stateChanged(session, state))];
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
    this.#registeredIn = session;
  }

  async #put(session: RegistrySession): Promise<void> {
    const heartbeat = JSON.stringify(this.#heartbeat());
    await session.put(this.#path, heartbeat, { ephemeral: true });
    this.#written = heartbeat;
  }

  /** The load of the machine changed: the others see it. What cannot be written now is written with the next change. */
  loadChanged(): void {
    const session = this.#session;
    if (session === undefined || !this.connected || session !== this.#registeredIn) return;
    if (JSON.stringify(this.#heartbeat()) === this.#written) return;
    this.#put(session).catch((error: unknown) =>
      this.#options.ports.log.debug(`the heartbeat was not written: ${errorMessage(error)}`),
    );
  }

  /** Somebody removed the node while the session lives: it is put back. */
  restoreNode(): void {
    if (!this.held) return;
    this.register().catch((error: unknown) =>
      this.#options.ports.log.warn(`this master's registry node is not back yet: ${errorMessage(error)}`),
    );
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
      ...load.usage,
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
