import { errorMessage } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { createControlApi, operate } from "../control/index.ts";
import { connectionName } from "../failover/index.ts";
import {
  type ClaimedDirectory,
  ConfigError,
  checkGrantedSession,
  claimDataDirectory,
  createNodePages,
  loadOfThisMachine,
  type NodePorts,
  type RunningNode,
} from "../node/index.ts";
import { createRegistry } from "../registry/open-registry.ts";
import { RegistryError } from "../registry/registry.ts";
import { createHttpRpcClient, createHttpRpcServer } from "../rpc/http/index.ts";
import type { RpcHandlers } from "../rpc/index.ts";
import { isDatabaseAway } from "../store/database.ts";
import { createPgDatabase } from "../store/pg-database.ts";
import { startGuardedProcesses } from "../task/process/index.ts";
import { MasterLife } from "./master-life.ts";
import { masterTiming } from "./master-timing.ts";
import { receiveReport } from "./report-inbox.ts";

/** Open calls of a master that ends may take so long, milliseconds. */
const OPEN_CALLS_WITHIN_MS = 200;
/** Lives that may lose their session while they join before the start has failed. */
const MAX_JOINS = 3;

/** Everything that one life holds, and how it is let go. */
interface Life {
  readonly master: MasterLife;
  readonly handlers: RpcHandlers;
  /** What operators' requests need. */
  readonly control: Parameters<typeof operate>[0];
  close(how: "leave" | "end"): Promise<void>;
}

async function createLife(
  config: NodeConfig,
  ports: NodePorts,
  directory: ClaimedDirectory,
  incarnation: string,
): Promise<Life> {
  const { clock, random, guardPath, environment, events, failpoints } = ports;
  const { databaseUrl } = config;
  if (databaseUrl === undefined)
    throw new ConfigError('a master needs "databaseUrl", the Postgres of the store');
  const timing = masterTiming(config);
  const broken: { tell: (reason: string) => void } = { tell: () => undefined };
  const processes = await startGuardedProcesses({
    dataDirectory: config.dataDirectory,
    clock,
    guardPath,
    environment,
    onBroken: (reason) => broken.tell(reason),
    waitUntilReady: false,
  });
  const store = {
    url: databaseUrl,
    applicationName: connectionName(incarnation),
    clock,
    queryTimeoutMs: timing.queryTimeoutMs,
  };
  const database = createPgDatabase(store);
  const probes = createPgDatabase({ ...store, maxConnections: 1 });
  const registry = createRegistry(config.registry, { clock, random });
  const rpc = createHttpRpcClient({ dial: config.dial, clock });
  const { predecessor } = directory;
  const load = loadOfThisMachine(config, clock);
  const master = new MasterLife({
    config,
    ports,
    incarnation,
    predecessor,
    registry,
    database,
    probes,
    rpc,
    processes,
    load,
  });
  broken.tell = (reason) => master.abandon(reason);
  const closeAll = async (): Promise<void> => {
    load.close();
    await processes.close();
    await Promise.all([rpc.close(), registry.close(), database.close(), probes.close()]);
  };
  const control = { clock, database, events };
  return {
    master,
    control,
    handlers: {
      ping: async () => ({ incarnation, inSession: master.inSession() }),
      report: (request) => receiveReport({ clock, database, failpoints }, request),
      leave: async (worker) => {
        await master.workerLeaves(worker);
        return {};
      },
      operate: (request) => operate(control, request),
    },
    async close(how) {
      await (how === "leave" ? master.leave() : master.end());
      await closeAll();
    },
  };
}

/** A master process: one life after the other under WAITING, one life under STOP. */
class Master implements RunningNode {
  readonly ended: Promise<{ readonly exitCode: number }>;
  #settle: (end: { exitCode: number }) => void = () => undefined;
  readonly #config: NodeConfig;
  readonly #ports: NodePorts;
  #life: Life | undefined;
  #closeServer: (() => Promise<void>) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: NodeConfig, ports: NodePorts) {
    this.#config = config;
    this.#ports = ports;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async start(): Promise<void> {
    const { address, dataDirectory, listen } = this.#config;
    const { clock, random, events } = this.#ports;
    const incarnation = random.uuid();
    this.#ports.identify(incarnation);
    const directory = await claimDataDirectory({ directory: dataDirectory, address, incarnation, clock });
    const handlers: RpcHandlers = {
      ping: (request) => this.#handler("ping")(request),
      report: (request) => this.#handler("report")(request),
      leave: (request) => this.#handler("leave")(request),
      operate: (request) => this.#handler("operate")(request),
    };
    const pages = this.#pages();
    const api = createControlApi({ ports: () => this.#life?.control, random });
    const server = await createHttpRpcServer({ listen, handlers, pages, clock, api });
    this.#closeServer = () => server.close(OPEN_CALLS_WITHIN_MS);
    try {
      await this.#beginFirst(directory, incarnation);
    } catch (error) {
      await this.#closeServer();
      throw error;
    }
    void this.#liveOn(directory);
    const sessionTimeoutMs = this.#life?.master.sessionTimeoutMs ?? this.#config.timing.sessionTimeoutMs;
    const broken = checkGrantedSession(this.#config.timing.sessionTimeoutMs, sessionTimeoutMs);
    if (broken !== undefined) this.#ports.log.warn(broken);
    const { pid } = process;
    events.emit({
      type: "node.ready",
      kind: "master",
      address,
      listenPort: server.port,
      pid,
      sessionTimeoutMs,
    });
  }

  #pages() {
    const { kind, address } = this.#config;
    const { figures } = this.#ports;
    const joining = { live: true, session: "NONE", leaseMs: 0, busy: false, incarnation: "" } as const;
    const draining = (): boolean => this.#stopped !== undefined;
    const health = () => ({ ...(this.#life?.master.health ?? joining), draining: draining() });
    return createNodePages({
      kind,
      address,
      health,
      gauges: () => this.#life?.master.gauges() ?? [],
      figures,
    });
  }

  #handler<N extends "ping" | "report" | "leave" | "operate">(name: N): NonNullable<RpcHandlers[N]> {
    const handler = this.#life?.handlers[name];
    if (handler === undefined) throw new Error("this master has not joined yet");
    return handler;
  }

  /** A starved machine may lose a session, or a connection, while a life joins: another life tries. */
  async #beginFirst(directory: ClaimedDirectory, first: string): Promise<void> {
    const { random, log } = this.#ports;
    for (let tries = 1, incarnation = first; ; tries += 1) {
      try {
        return await this.#begin(directory, incarnation);
      } catch (error) {
        const starved =
          error instanceof RegistryError ? error.code === "SESSION_LOST" : isDatabaseAway(error);
        if (!starved || tries >= MAX_JOINS || this.#stopped !== undefined) throw error;
        log.warn(`not joined yet: ${errorMessage(error)}`);
        incarnation = random.uuid();
        await directory.addIncarnation(incarnation);
        this.#ports.identify(incarnation);
      }
    }
  }

  async #begin(directory: ClaimedDirectory, incarnation: string): Promise<void> {
    const life = await createLife(this.#config, this.#ports, directory, incarnation);
    this.#life = life;
    try {
      await life.master.join();
    } catch (error) {
      await life.close("end");
      throw error;
    }
  }

  /** Waits for the end of a life; under WAITING the next one begins, with an incarnation that nobody has fenced. */
  async #liveOn(directory: ClaimedDirectory): Promise<void> {
    const { log, random, clock } = this.#ports;
    for (let life = this.#life; life !== undefined && this.#stopped === undefined; life = this.#life) {
      const reason = await life.master.over;
      if (this.#stopped !== undefined) return;
      log.error(reason);
      await life.close("end").catch((error: unknown) => log.warn(errorMessage(error)));
      if (this.#config.disconnectStrategy === "STOP") return this.#finish(1);
      while (this.#stopped === undefined) {
        const incarnation = random.uuid();
        await directory.addIncarnation(incarnation);
        this.#ports.identify(incarnation);
        try {
          await this.#begin(directory, incarnation);
          break;
        } catch (error) {
          log.warn(`not joined yet: ${errorMessage(error)}`);
          await clock.sleep(masterTiming(this.#config).retryPauseMs);
        }
      }
    }
  }

  async #finish(exitCode: number): Promise<void> {
    await this.#closeServer?.();
    this.#settle({ exitCode });
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#leave();
    return this.#stopped;
  }

  async #leave(): Promise<void> {
    this.#ports.events.emit({ type: "node.stopping", reason: "asked to stop" });
    await this.#life?.close("leave");
    await this.#finish(0);
  }
}

/** Starts a master: joined and working when it resolves. Throws ConfigError, StoreError or RegistryError. */
export async function startMaster(config: NodeConfig, ports: NodePorts): Promise<RunningNode> {
  const master = new Master(config, ports);
  await master.start();
  return master;
}
