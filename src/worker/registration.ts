import { errorMessage, type Timer } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { nodePath, nodesPath, parseNodeName, REGISTRY_PATHS } from "../model/index.ts";
import { isOverloaded, type MachineLoad, type NodePorts } from "../node/index.ts";
import type { Registry, RegistryEvent, RegistrySession, Watch } from "../registry/index.ts";
import type { Heartbeat } from "../rpc/index.ts";

/** What a registration needs. */
export interface RegistrationOptions {
  readonly registry: Registry;
  readonly config: NodeConfig;
  readonly ports: Pick<NodePorts, "clock" | "events" | "log">;
  readonly incarnation: string;
  /** Lives before the first one of this process, dead for certain. */
  readonly predecessors: readonly string[];
  /** Tasks that run at this moment. */
  readonly tasks: () => number;
  /** It takes nothing new any more: masters are told not to try. */
  readonly stopping: () => boolean;
  readonly load: MachineLoad;
  /** F moved. */
  readonly onLease: (leaseDeadlineMs: number) => void;
  /** The session is over, and not because it was closed here. */
  readonly onLost: () => void;
}

/** A registry that has just been started may take so long to answer, also when sessions are short. */
const LEAST_OPEN_WITHIN_MS = 2000;

/**
 * The worker's presence in the registry for one life: session, ephemeral node with its heartbeat, and the view of the
 * masters. The node is written again when the status changes, and when somebody wiped it while the session lives.
 */
export class Registration {
  readonly session: RegistrySession;
  readonly #options: RegistrationOptions;
  readonly #path: string;
  readonly #startupTime: number;
  readonly #masters = new Map<string, string>();
  readonly #stops: (() => void)[] = [];
  #watch: Watch | undefined;
  #written: Heartbeat | undefined;
  #writing: Promise<void> | undefined;
  #retry: Timer | undefined;
  #closed = false;

  private constructor(options: RegistrationOptions, session: RegistrySession) {
    this.#options = options;
    this.session = session;
    this.#path = nodePath("worker", options.config.address, options.incarnation);
    this.#startupTime = options.ports.clock.now();
  }

  /** Opens the session and takes a look at the masters. Throws RegistryError; nothing is left then. */
  static async open(options: RegistrationOptions): Promise<Registration> {
    const { sessionTimeoutMs } = options.config.timing;
    const withinMs = Math.max(2 * sessionTimeoutMs, LEAST_OPEN_WITHIN_MS);
    const session = await options.registry.open({ sessionTimeoutMs, withinMs });
    const registration = new Registration(options, session);
    try {
      await registration.#start();
      return registration;
    } catch (error) {
      await registration.close();
      throw error;
    }
  }

  /** Stands in the registry when it resolves: from then on deliveries come. Throws RegistryError. */
  async announce(): Promise<void> {
    await this.#write();
    const { clock } = this.#options.ports;
    const look = clock.setPeriodic(this.session.timeoutMs / 2, () => void this.#lookForItself());
    this.#stops.push(() => look.cancel());
  }

  /** Whether this life may have an effect: F is ahead. */
  inSession(): boolean {
    const { state, leaseDeadlineMs } = this.session;
    if (this.#closed || state === "LOST" || state === "CLOSED") return false;
    return this.#options.ports.clock.monotonicMs() < leaseDeadlineMs;
  }

  /** Up to the lease deadline; 0 when it has passed. */
  get leaseMs(): number {
    return Math.max(0, this.session.leaseDeadlineMs - this.#options.ports.clock.monotonicMs());
  }

  /** It takes no new work because of its load. */
  get busy(): boolean {
    return this.#heartbeat().status === "BUSY";
  }

  /** Addresses of the masters that stand in the registry. */
  masters(): readonly string[] {
    return [...new Set(this.#masters.values())];
  }

  /** Tells the registry what has changed: a new status at once, a mere number of tasks within a heartbeat's period. */
  refresh(): void {
    if (this.#closed || this.#writing !== undefined) return;
    const heartbeat = this.#heartbeat();
    if (JSON.stringify(heartbeat) === JSON.stringify(this.#written)) return;
    if (heartbeat.status === this.#written?.status) {
      this.#retryLater();
      return;
    }
    this.#writeInBackground();
  }

  /** Ends the session. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    for (const stop of this.#stops.splice(0)) stop();
    await this.#watch?.close().catch(() => undefined);
    await this.session.close();
  }

  async #start(): Promise<void> {
    const { session } = this;
    const { onLease, onLost, ports } = this.#options;
    onLease(session.leaseDeadlineMs);
    this.#stops.push(
      session.onLease(onLease),
      session.onState((state) => {
        if (state === "SUSPENDED") ports.events.emit({ type: "registry.session.suspended" });
        else if (state === "CONNECTED") ports.events.emit({ type: "registry.session.restored" });
        else if (!this.#closed) onLost();
      }),
    );
    const { nodes } = REGISTRY_PATHS;
    this.#watch = await session.watch(nodes, {
      snapshot: (entries) => {
        this.#masters.clear();
        for (const { path } of entries) this.#see(path, "ADDED");
      },
      event: ({ type, path }) => this.#see(path, type),
    });
  }

  #see(path: string, type: RegistryEvent["type"]): void {
    if (path === this.#path) {
      // Wiped by somebody while the session lives.
      if (type === "REMOVED" && this.inSession()) this.#writeInBackground();
      return;
    }
    const folder = `${nodesPath("master")}/`;
    if (!path.startsWith(folder)) return;
    const name = parseNodeName(path.slice(folder.length));
    if (name === undefined) return;
    if (type === "REMOVED") this.#masters.delete(name.incarnation);
    else this.#masters.set(name.incarnation, name.address);
  }

  /** The watch tells when the node goes; but not when it went before the watch had seen it. */
  async #lookForItself(): Promise<void> {
    if (!this.inSession() || this.#writing !== undefined) return;
    try {
      const found = await this.session.get(this.#path);
      if (found === undefined && this.inSession()) this.#writeInBackground();
    } catch {
      // Not reachable just now: the next look comes.
    }
  }

  #writeInBackground(): void {
    this.#writing ??= this.#write()
      .catch((error: unknown) => {
        this.#options.ports.log.debug(`the heartbeat was not written: ${errorMessage(error)}`);
        this.#written = undefined;
      })
      .finally(() => {
        this.#writing = undefined;
        if (this.#written === undefined) this.#retryLater();
        else this.refresh();
      });
  }

  #retryLater(): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#retry = this.#options.ports.clock.setTimer(this.session.timeoutMs / 5, () => {
      this.#retry = undefined;
      if (this.inSession()) this.#writeInBackground();
    });
  }

  async #write(): Promise<void> {
    const heartbeat = this.#heartbeat();
    await this.session.put(this.#path, JSON.stringify(heartbeat), { ephemeral: true });
    this.#written = heartbeat;
  }

  #heartbeat(): Heartbeat {
    const { config, incarnation, tasks, predecessors, stopping, load } = this.#options;
    const { weight, taskSlots, busyAbove, groups } = config.worker;
    const running = tasks();
    const full = running > 0 && running >= busyAbove * taskSlots;
    const busy = full || stopping() || isOverloaded(load.usage, config.overload);
    return {
      incarnation,
      address: config.address,
      pid: process.pid,
      startupTime: this.#startupTime,
      sessionNo: 1,
      ...(predecessors.length > 0 ? { replaces: predecessors } : {}),
      status: busy ? "BUSY" : "NORMAL",
      ...load.usage,
      worker: { weight, groups: [...new Set(["default", ...groups])], taskSlots, tasks: running },
    };
  }
}
