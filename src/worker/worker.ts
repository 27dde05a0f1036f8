import path from "node:path";
import { errorCode, errorMessage, type Timer } from "../base/index.ts";
import {
  type ClaimedDirectory,
  checkGrantedSession,
  type Figure,
  gauge,
  type NodeHealth,
  type RunningNode,
} from "../node/index.ts";
import type { RpcClient, RpcHandlers, RpcServer } from "../rpc/index.ts";
import { OtherLifeError } from "./delivery-book.ts";
import { DEFAULT_LOG_BOUNDS, pruneLogs } from "./prune-logs.ts";
import { openReportJournal } from "./report-journal.ts";
import { ReportSender } from "./report-sender.ts";
import { WorkerLife, type WorkerLifeOptions } from "./worker-life.ts";

/** What a worker is put together from. It closes all of it at its end. */
export interface WorkerOptions extends Omit<WorkerLifeOptions, "sender"> {
  /** `incarnation` of the options is that of the first life. */
  readonly directory: Pick<ClaimedDirectory, "addIncarnation">;
  readonly serve: (handlers: RpcHandlers) => Promise<RpcServer>;
  readonly rpc: RpcClient;
}

/** Wait between two attempts to be registered again. */
const REJOIN_EVERY_MS = 100;
/** How often a worker that starts tries to join when its session ends meanwhile. */
const FIRST_JOIN_TRIES = 5;
/** The last reports of a stopping worker may take so long, and the calls that are open then. */
const FLUSH_WITHIN_MS = 500;
const OPEN_CALLS_WITHIN_MS = 200;
const GOODBYE_WITHIN_MS = 300;
/** Between two looks at the logs of tasks. */
const PRUNE_EVERY_MS = 600_000;
/** isolationLimit in session time-outs (OWNERSHIP, "Tunables"). */
const ISOLATION_LIMIT_SESSIONS = 3;

/**
 * A worker process: one life after the other. A life ends when its session does, when a master tells it to relinquish,
 * or when no master listens any more; its tasks are killed and reported LOST, and the next life has a new incarnation,
 * to which nothing of the old one matters.
 */
export class Worker implements RunningNode {
  readonly ended: Promise<{ readonly exitCode: number }>;
  readonly #options: WorkerOptions;
  readonly #sender: ReportSender;
  readonly #stopSignal = new AbortController();
  #settle: (end: { exitCode: number }) => void = () => undefined;
  #life: WorkerLife | undefined;
  #server: RpcServer | undefined;
  #watchdog: Timer | undefined;
  #pruning: Timer | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const { rpc, config, ports } = options;
    this.#sender = new ReportSender({
      rpc,
      clock: ports.clock,
      failpoints: ports.failpoints,
      log: ports.log,
      journal: openReportJournal(config.dataDirectory),
      masters: () => this.#life?.masters() ?? [],
      callWithinMs: config.timing.sessionTimeoutMs / 5,
      onObsolete: (incarnation, key) => {
        if (this.#life?.incarnation === incarnation) this.#life.abandon(key);
      },
    });
  }

  /** How it is now, for its pages. */
  get health(): NodeHealth {
    const joining = { live: true, session: "NONE", leaseMs: 0, busy: false, incarnation: "" } as const;
    return { ...(this.#life?.health ?? joining), draining: this.#stopSignal.signal.aborted };
  }

  /** What is measured when somebody asks. */
  gauges(): readonly Figure[] {
    const { taskSlots } = this.#options.config.worker;
    return [
      gauge("failover_running_tasks", "Tasks that this worker has.", this.#life?.runningTasks ?? 0),
      gauge("failover_task_slots", "Tasks that it may have at a time.", taskSlots),
      gauge("failover_reports_waiting", "Deliveries with unacknowledged reports.", this.#sender.waiting),
      gauge(
        "failover_reports_unheard_seconds",
        "For how long no master has acknowledged a report; 0 when there is none to acknowledge.",
        this.#sender.unheardMs() / 1000,
      ),
    ];
  }

  /** Resolves when it is registered and takes work. Throws when that is not possible; everything is closed then. */
  async start(): Promise<void> {
    const { ports, config, serve } = this.#options;
    try {
      this.#server = await serve(this.#handlers());
      await this.#beginFirstLife();
    } catch (error) {
      await this.#closeAll();
      throw error;
    }
    this.#sender.resume();
    this.#options.load.onChange(() => this.#life?.loadChanged());
    this.#watchIsolation();
    this.#keepLogsBounded();
    void this.#liveOn();
    const { port } = this.#server;
    const { address } = config;
    const sessionTimeoutMs = this.#life?.sessionTimeoutMs ?? config.timing.sessionTimeoutMs;
    const broken = checkGrantedSession(config.timing.sessionTimeoutMs, sessionTimeoutMs);
    if (broken !== undefined) ports.log.warn(broken);
    const { pid } = process;
    ports.events.emit({
      type: "node.ready",
      kind: "worker",
      address,
      listenPort: port,
      pid,
      sessionTimeoutMs,
    });
  }

  /** Refuses new work, waits for what runs, kills the rest, sends the last reports, and leaves the registry. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Ends at once with an exit code: no guard can be had, nothing may run any more. */
  async fail(reason: string): Promise<void> {
    this.#options.ports.log.error(reason);
    this.#stopSignal.abort();
    try {
      await this.#closeAll();
    } finally {
      this.#settle({ exitCode: 1 });
    }
  }

  async #stop(): Promise<void> {
    const { ports, config } = this.#options;
    ports.events.emit({ type: "node.stopping", reason: "asked to stop" });
    this.#stopSignal.abort();
    const life = this.#life;
    if (life !== undefined) {
      life.refuseNewWork();
      // What follows has to fit into the grace too.
      if (!(await life.idle(Math.max(0, config.timing.shutdownGraceMs - FLUSH_WITHIN_MS)))) {
        life.killTasks();
        await life.idle(FLUSH_WITHIN_MS);
      }
      await this.#sender.flush(FLUSH_WITHIN_MS);
      await this.#sayGoodbye(life);
      await life.end().catch((error: unknown) => ports.log.error(errorMessage(error)));
    }
    await this.#closeAll();
    this.#settle({ exitCode: 0 });
  }

  /**
   * Tells any master that the end of the session, which follows, is no death. Nobody hears it: then it is taken for
   * one.
   */
  async #sayGoodbye(life: WorkerLife): Promise<void> {
    const { rpc, ports } = this.#options;
    if (!(await life.idle(0))) return;
    const goodbye = { incarnation: life.incarnation, address: this.#options.config.address };
    for (const master of life.masters()) {
      try {
        await rpc.call(master, "leave", goodbye, { withinMs: GOODBYE_WITHIN_MS });
        return;
      } catch (error) {
        ports.log.debug(`${master} was not told that this worker leaves: ${errorMessage(error)}`);
      }
    }
  }

  async #closeAll(): Promise<void> {
    this.#watchdog?.cancel();
    this.#pruning?.cancel();
    this.#options.load.close();
    this.#sender.close();
    await this.#server?.close(OPEN_CALLS_WITHIN_MS);
    await this.#options.processes.close();
    await this.#options.rpc.close();
    await this.#options.registry.close();
  }

  /**
   * A machine that is busy with starting everything may lose a short session while it still joins. That is no reason to
   * give up: the registry was there. Throws RegistryError.
   */
  async #beginFirstLife(): Promise<void> {
    const { ports, directory } = this.#options;
    let { incarnation } = this.#options;
    for (let triesLeft = FIRST_JOIN_TRIES - 1; ; triesLeft -= 1) {
      try {
        return await this.#beginLife(incarnation);
      } catch (error) {
        if (triesLeft <= 0 || errorCode(error) !== "SESSION_LOST") throw error;
        ports.log.debug(`cannot join yet: ${errorMessage(error)}`);
        incarnation = ports.random.uuid();
        await directory.addIncarnation(incarnation);
      }
    }
  }

  /** The new life answers from the first moment, so that what it refuses while it joins stays refused. */
  async #beginLife(incarnation: string): Promise<void> {
    this.#options.ports.identify(incarnation);
    this.#life = new WorkerLife({ ...this.#options, incarnation, sender: this.#sender });
    await this.#life.join();
    this.#sender.forgetUnheard();
  }

  /** Each turn: 1 wait for the end of this life; 2 see that nothing of it runs; 3 begin the next. */
  async #liveOn(): Promise<void> {
    const { ports } = this.#options;
    for (let life = this.#life; life !== undefined; life = this.#life) {
      const reason = await life.over;
      if (this.#stopSignal.signal.aborted) return;
      ports.events.emit({ type: "registry.session.lost", reason });
      try {
        await life.end();
      } catch (error) {
        await this.fail(errorMessage(error));
        return;
      }
      await this.#rejoin();
    }
  }

  async #rejoin(): Promise<void> {
    const { ports, directory } = this.#options;
    const stop = this.#stopSignal.signal;
    while (!stop.aborted) {
      // A new one for each attempt: the node of one that failed half-way may still stand, and be judged dead later.
      const incarnation = ports.random.uuid();
      try {
        await directory.addIncarnation(incarnation);
        if (stop.aborted) return;
        await this.#beginLife(incarnation);
        ports.log.info(`joined again as ${incarnation}`);
        return;
      } catch (error) {
        ports.log.debug(`cannot join yet: ${errorMessage(error)}`);
        await ports.clock.sleep(REJOIN_EVERY_MS, stop);
      }
    }
  }

  /** A worker that no master listens to would keep its tasks from being run elsewhere: it lets go of them. */
  #watchIsolation(): void {
    const { clock } = this.#options.ports;
    const everyMs = this.#options.config.timing.sessionTimeoutMs / 5;
    this.#watchdog = clock.setPeriodic(everyMs, () => {
      const life = this.#life;
      if (life === undefined || life.runningTasks === 0 || life.masters().length === 0) return;
      const limitMs = ISOLATION_LIMIT_SESSIONS * life.sessionTimeoutMs;
      if (this.#sender.unheardMs() > limitMs) life.giveUp(`no master has answered for ${limitMs} ms`);
    });
  }

  #keepLogsBounded(): void {
    const { ports, config } = this.#options;
    const { logRetentionMs, logLimitBytes } = config.worker;
    const bounds = {
      retentionMs: logRetentionMs ?? DEFAULT_LOG_BOUNDS.retentionMs,
      limitBytes: logLimitBytes ?? DEFAULT_LOG_BOUNDS.limitBytes,
    };
    const folder = path.join(config.dataDirectory, "logs");
    const isLive = (file: string): boolean => this.#life?.isLive(path.basename(file, ".log")) ?? false;
    const prune = (): void => {
      pruneLogs(folder, bounds, { nowMs: ports.clock.now(), isLive }).catch((error: unknown) =>
        ports.log.warn(`old logs of tasks were not removed: ${errorMessage(error)}`),
      );
    };
    prune();
    this.#pruning = ports.clock.setPeriodic(PRUNE_EVERY_MS, prune);
  }

  #handlers(): RpcHandlers {
    const other = { state: "REFUSED", reason: "OTHER_INCARNATION" } as const;
    const none = { accepted: false, reason: "NOT_IN_SESSION" } as const;
    return {
      dispatch: async (request) => this.#life?.dispatch(request) ?? none,
      resolve: async (request) => this.#life?.resolve(request) ?? other,
      kill: async (request) => {
        if (this.#life === undefined) throw new OtherLifeError("this worker has not joined yet");
        return this.#life.kill(request);
      },
      ping: async () => ({
        incarnation: this.#life?.incarnation ?? "",
        inSession: this.#life?.inSession() ?? false,
      }),
      relinquish: async ({ incarnation }) => {
        const life = this.#life;
        // An earlier life: it has ended before this one began.
        if (life?.incarnation !== incarnation) return {};
        life.giveUp("a master asked to relinquish");
        await life.end();
        return {};
      },
    };
  }
}
