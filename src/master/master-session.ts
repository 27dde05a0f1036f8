import { errorMessage, required } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { type NodeKind, nodePath } from "../model/index.ts";
import type { NodePorts } from "../node/index.ts";
import type { Registry, RegistrySession } from "../registry/index.ts";
import type { Heartbeat } from "../rpc/index.ts";
import type { MasterTiming } from "./master-timing.ts";

export interface MasterSessionOptions {
  readonly registry: Registry;
  readonly config: NodeConfig;
  readonly ports: NodePorts;
  readonly incarnation: string;
  readonly timing: Pick<MasterTiming, "sessionTimeoutMs" | "openWithinMs">;
  /** Whose presence it is. Default: a master's. */
  readonly kind?: NodeKind;
  /** What its heartbeat says beside what every node's does. Default: nothing. */
  readonly more?: () => Partial<Heartbeat>;
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
    await session.put(this.#path, JSON.stringify(this.#heartbeat()), { ephemeral: true });
    const seen = await session.get(this.#path);
    if (seen?.sessionId !== session.id)
      throw new Error(`the registry does not show ${this.#path} after it was written`);
  }

  /** Somebody removed the node while the session lives: it is put back. */
  restoreNode(): void {
    if (!this.held) return;
    this.register().catch((error: unknown) =>
      this.#options.ports.log.warn(`the registry node is not back yet: ${errorMessage(error)}`),
    );
  }

  /** Tells the registry what the heartbeat says now; what is not told now is told with the next change. */
  refreshNode(): void {
    if (!this.held) return;
    const told = this.session.put(this.#path, JSON.stringify(this.#heartbeat()), { ephemeral: true });
    told.catch((error: unknown) =>
      this.#options.ports.log.debug(`the registry node is not up to date: ${errorMessage(error)}`),
    );
  }

  #heartbeat(): Heartbeat {
    const { incarnation, config } = this.#options;
    const { sessionNo, startupTime } = this;
    return {
      incarnation,
      address: config.address,
      pid: process.pid,
      startupTime,
      sessionNo,
      status: "NORMAL",
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
