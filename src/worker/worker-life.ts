import { type Clock, waitUntil } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import type { MachineLoad, NodeHealth, NodePorts } from "../node/index.ts";
import type { Registry } from "../registry/index.ts";
import type {
  DispatchAnswer,
  DispatchRequest,
  KillAnswer,
  KillRequest,
  ResolveAnswer,
  ResolveRequest,
} from "../rpc/index.ts";
import type { TaskProcesses } from "../task/process/index.ts";
import { DeliveryBook } from "./delivery-book.ts";
import { Registration } from "./registration.ts";
import type { ReportSender } from "./report-sender.ts";
import { TaskRunner } from "./task-runner.ts";

/** What a life of a worker is made of. */
export interface WorkerLifeOptions {
  readonly registry: Registry;
  readonly config: NodeConfig;
  readonly ports: NodePorts;
  readonly incarnation: string;
  /** Lives before the first one of this process, dead for certain. */
  readonly predecessors: readonly string[];
  readonly processes: TaskProcesses;
  readonly sender: ReportSender;
  readonly load: MachineLoad;
}

/** A killed process is gone within milliseconds; longer than this means that the machine is in trouble. */
const KILLED_WITHIN_MS = 10_000;

/**
 * One incarnation of a worker: from its registration to the end of its session, or to the day it is told to relinquish.
 * When `end` has resolved nothing of it runs, nor ever will.
 */
export class WorkerLife {
  readonly incarnation: string;
  /** Resolves with the reason when this life has to end. */
  readonly over: Promise<string>;
  #giveUp: (reason: string) => void = () => undefined;
  readonly #options: WorkerLifeOptions;
  readonly #book: DeliveryBook;
  readonly #runner: TaskRunner;
  #registration: Registration | undefined;
  #stopping = false;
  #end: Promise<void> | undefined;

  /** Not registered yet: it refuses everything until `join` has resolved. */
  constructor(options: WorkerLifeOptions) {
    const { incarnation, config, processes, sender, ports } = options;
    this.incarnation = incarnation;
    this.#options = options;
    this.over = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
    this.#book = new DeliveryBook(incarnation);
    this.#runner = new TaskRunner({
      address: config.address,
      dataDirectory: config.dataDirectory,
      incarnation,
      processes,
      sender,
      ports,
      inSession: () => this.inSession(),
      onFinished: (delivery) => {
        this.#book.finish(delivery);
        this.#registration?.refresh();
      },
    });
  }

  /** Stands in the registry when it resolves. Throws RegistryError; the life is over then. */
  async join(): Promise<void> {
    const { registry, config, ports, incarnation, processes, predecessors, load } = this.#options;
    try {
      this.#registration = await Registration.open({
        registry,
        config,
        ports,
        incarnation,
        predecessors,
        tasks: () => this.#book.liveCount,
        stopping: () => this.#stopping,
        load,
        onLease: (deadline) => processes.setDeadline(deadline),
        onLost: () => this.giveUp("the session is over"),
      });
      // The session is this life's before anybody can know it: a delivery may come before the answer to this.
      await this.#registration.announce();
    } catch (error) {
      this.#runner.close();
      await this.#registration?.close();
      throw error;
    }
    if (this.#end === undefined) return;
    await this.#registration.close();
    throw new Error("this life was ended while it joined");
  }

  inSession(): boolean {
    return this.#registration?.inSession() ?? false;
  }

  get runningTasks(): number {
    return this.#book.liveCount;
  }

  masters(): readonly string[] {
    return this.#registration?.masters() ?? [];
  }

  /** T as it was granted. */
  get sessionTimeoutMs(): number {
    return this.#registration?.session.timeoutMs ?? this.#options.config.timing.sessionTimeoutMs;
  }

  /** For the pages of this node. */
  get health(): Omit<NodeHealth, "draining"> {
    return {
      live: true,
      session: this.#registration?.session.state ?? "NONE",
      leaseMs: Math.round(this.#registration?.leaseMs ?? 0),
      busy: this.#registration?.busy ?? false,
      incarnation: this.incarnation,
    };
  }

  /** Ends this life for a reason; whoever waits for `over` does the rest. */
  giveUp(reason: string): void {
    this.#giveUp(reason);
  }

  /** The load of the machine changed: it may be BUSY now, or not any more. */
  loadChanged(): void {
    this.#registration?.refresh();
  }

  /** Takes nothing new from now on, and says so. */
  refuseNewWork(): void {
    this.#stopping = true;
    this.#registration?.refresh();
  }

  dispatch(request: DispatchRequest): DispatchAnswer {
    const { taskSlots } = this.#options.config.worker;
    const admission = { inSession: this.inSession(), stopping: this.#stopping, taskSlots };
    const { answer, fresh } = this.#book.dispatch(request, admission);
    if (fresh !== undefined) {
      this.#runner.run(fresh);
      this.#registration?.refresh();
    }
    return answer;
  }

  resolve(request: ResolveRequest): ResolveAnswer {
    const { answer, delivery } = this.#book.resolve(request);
    if (delivery !== undefined) {
      this.#options.sender.redirect(this.incarnation, delivery.key, delivery.ownerAddress);
    }
    return answer;
  }

  kill(request: KillRequest): KillAnswer {
    const delivery = this.#book.kill(request);
    if (delivery !== undefined) this.#runner.kill(delivery);
    return { known: delivery !== undefined };
  }

  /** Nobody wants this delivery any more: kills it, and says nothing of it again. */
  abandon(deliveryKey: string): void {
    const delivery = this.#book.find(deliveryKey);
    if (delivery === undefined) return;
    delivery.abandoned = true;
    this.#runner.kill(delivery);
  }

  /** This delivery is accepted and not finished: its log is still written. */
  isLive(deliveryKey: string): boolean {
    const delivery = this.#book.find(deliveryKey);
    return delivery !== undefined && delivery.state !== "FINISHED";
  }

  /** Waits until nothing runs; false when that took too long. */
  async idle(withinMs: number): Promise<boolean> {
    return isIdle(this.#options.ports.clock, () => this.#book.liveCount === 0, withinMs);
  }

  /** Kills what runs: KILLED is what their reports say. */
  killTasks(): void {
    for (const delivery of this.#book.live()) this.#runner.kill(delivery);
  }

  /**
   * The end: everything is killed as LOST, and the session closed. Resolves when nothing of this life runs. Throws when
   * something cannot be killed. Idempotent.
   */
  end(): Promise<void> {
    this.#end ??= this.#killAndLeave();
    return this.#end;
  }

  async #killAndLeave(): Promise<void> {
    const { processes, ports } = this.#options;
    this.#stopping = true;
    // Also what the guard is just starting.
    processes.setDeadline(ports.clock.monotonicMs());
    if (!(await this.idle(KILLED_WITHIN_MS))) {
      throw new Error(`tasks of ${this.incarnation} could not be killed in ${KILLED_WITHIN_MS} ms`);
    }
    this.#runner.close();
    await this.#registration?.close();
  }
}

async function isIdle(clock: Clock, idle: () => boolean, withinMs: number): Promise<boolean> {
  try {
    await waitUntil({ clock, until: () => (idle() ? true : undefined), withinMs, describe: "tasks to end" });
    return true;
  } catch {
    return false;
  }
}
