import { builtInChannels } from "../alert/channel/index.ts";
import { type AlertPorts, createChannelRegistry, sendAlert, sendTestAlert } from "../alert/index.ts";
import { errorMessage } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { connectionName } from "../failover/index.ts";
import {
  type ClaimedDirectory,
  ConfigError,
  claimDataDirectory,
  createNodePages,
  type NodePorts,
  type RunningNode,
} from "../node/index.ts";
import { createRegistry } from "../registry/open-registry.ts";
import { RegistryError } from "../registry/registry.ts";
import { createHttpRpcServer } from "../rpc/http/index.ts";
import type { RpcHandlers, RpcServer } from "../rpc/index.ts";
import { isDatabaseAway } from "../store/database.ts";
import { recordPlugins } from "../store/index.ts";
import { createPgDatabase } from "../store/pg-database.ts";
import { AlertLife } from "./alert-life.ts";
import { alertTiming } from "./alert-timing.ts";

/** Open calls of an alert server that ends may take so long, milliseconds. */
const OPEN_CALLS_WITHIN_MS = 200;
/** Lives that may lose their session while they join before the start has failed. */
const MAX_JOINS = 3;
/** Of the grace, so much is left for saying goodbye. */
const GOODBYE_MS = 500;

/** One life with all that it holds. */
interface Life {
  readonly life: AlertLife;
  readonly alerts: AlertPorts;
  close(how: "leave" | "end"): Promise<void>;
}

function createLife(
  config: NodeConfig,
  ports: NodePorts,
  incarnation: string,
  predecessors: readonly string[],
): Life {
  const { clock, random, events, failpoints, log, environment } = ports;
  const { databaseUrl, alert } = config;
  if (databaseUrl === undefined || alert === undefined)
    throw new ConfigError('an alert server needs "databaseUrl", the Postgres of the store, and "alert"');
  const database = createPgDatabase({
    url: databaseUrl,
    applicationName: connectionName(incarnation),
    clock,
    queryTimeoutMs: alertTiming(config).queryTimeoutMs,
  });
  const registry = createRegistry(config.registry, { clock, random });
  const script = { directories: alert.scriptDirectories, environment };
  const alerts: AlertPorts = {
    clock,
    random,
    database,
    events,
    failpoints,
    log,
    channels: createChannelRegistry(builtInChannels({ clock, script })),
    me: { incarnation },
    config: alert,
  };
  const life = new AlertLife({ config, ports, incarnation, predecessors, registry, alerts });
  return {
    life,
    alerts,
    async close(how) {
      if (how === "leave") await life.leave(Math.max(0, config.timing.shutdownGraceMs - GOODBYE_MS));
      else await life.end();
      await Promise.all([registry.close(), database.close()]);
    },
  };
}

/** An alert server's process: one life after the other under WAITING, one life under STOP. */
class AlertServer implements RunningNode {
  readonly ended: Promise<{ readonly exitCode: number }>;
  #settle: (end: { exitCode: number }) => void = () => undefined;
  readonly #config: NodeConfig;
  readonly #ports: NodePorts;
  #current: Life | undefined;
  #server: RpcServer | undefined;
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
    const handlers = this.#handlers();
    const server = await createHttpRpcServer({ listen, handlers, pages: this.#pages(), clock });
    this.#server = server;
    try {
      await this.#beginFirst(directory, incarnation);
    } catch (error) {
      await server.close(OPEN_CALLS_WITHIN_MS);
      throw error;
    }
    void this.#liveOn(directory);
    const { sessionTimeoutMs } = this.#current?.life ?? this.#config.timing;
    const { pid } = process;
    const ready = { kind: "alert-server", address, listenPort: server.port, pid, sessionTimeoutMs } as const;
    events.emit({ type: "node.ready", ...ready });
  }

  #pages() {
    const { kind, address } = this.#config;
    const { figures } = this.#ports;
    const joining = { live: true, session: "NONE", leaseMs: 0, busy: false, incarnation: "" } as const;
    return createNodePages({
      kind,
      address,
      health: () => ({
        ...(this.#current?.life.health ?? joining),
        draining: this.#stopped !== undefined,
      }),
      gauges: () => this.#current?.life.gauges() ?? [],
      figures,
    });
  }

  #handlers(): RpcHandlers {
    const now = (): Life => {
      if (this.#current === undefined) throw new Error("this alert server has not joined yet");
      return this.#current;
    };
    return {
      ping: async () => ({ incarnation: now().life.incarnation, inSession: now().life.inSession() }),
      sendAlert: (request) => sendAlert(now().alerts, request),
      sendTestAlert: (request) => sendTestAlert(now().alerts, request),
    };
  }

  /** A starved machine may lose a session, or a connection, while a life joins: another life tries. */
  async #beginFirst(directory: ClaimedDirectory, first: string): Promise<void> {
    const { random, log } = this.#ports;
    const predecessors = directory.predecessor?.incarnations ?? [];
    for (let tries = 1, incarnation = first; ; tries += 1) {
      try {
        return await this.#begin(incarnation, predecessors);
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

  async #begin(incarnation: string, predecessors: readonly string[]): Promise<void> {
    const begun = createLife(this.#config, this.#ports, incarnation, predecessors);
    this.#current = begun;
    try {
      await begun.life.join();
      const { channels, database, clock } = begun.alerts;
      const plugins = channels.channels.map(({ name, params }) => ({ name, params: JSON.stringify(params) }));
      await recordPlugins(database, plugins, clock.now());
    } catch (error) {
      await begun.close("end");
      throw error;
    }
  }

  /** Waits for the end of a life; under WAITING the next one begins, with an incarnation that nobody has fenced. */
  async #liveOn(directory: ClaimedDirectory): Promise<void> {
    const { log, random, clock } = this.#ports;
    for (let current = this.#current; current !== undefined; current = this.#current) {
      const reason = await current.life.over;
      if (this.#stopped !== undefined) return;
      log.error(reason);
      await current.close("end").catch((error: unknown) => log.warn(errorMessage(error)));
      if (this.#config.disconnectStrategy === "STOP") return this.#finish(1);
      while (this.#stopped === undefined && this.#current === current) {
        const incarnation = random.uuid();
        await directory.addIncarnation(incarnation);
        this.#ports.identify(incarnation);
        try {
          await this.#begin(incarnation, []);
        } catch (error) {
          this.#current = current;
          log.warn(`not joined yet: ${errorMessage(error)}`);
          await clock.sleep(alertTiming(this.#config).retryPauseMs);
        }
      }
    }
  }

  async #finish(exitCode: number): Promise<void> {
    await this.#server?.close(OPEN_CALLS_WITHIN_MS);
    this.#settle({ exitCode });
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#leave();
    return this.#stopped;
  }

  async #leave(): Promise<void> {
    this.#ports.events.emit({ type: "node.stopping", reason: "asked to stop" });
    await this.#current?.close("leave");
    await this.#finish(0);
  }
}

/** Starts an alert server: joined when it resolves. Throws ConfigError, StoreError or RegistryError. */
export async function startAlertServer(config: NodeConfig, ports: NodePorts): Promise<RunningNode> {
  const server = new AlertServer(config, ports);
  await server.start();
  return server;
}
