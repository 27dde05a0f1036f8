import { type Clock, InvariantError, type Random } from "../../base/index.ts";
import { type Registry, RegistryError, type RegistrySession } from "../registry.ts";
import { SessionLease } from "../session-lease.ts";
import { GuardedClient } from "./guarded-client.ts";
import { ZkPaths } from "./zk-paths.ts";
import { ZkSession } from "./zk-session.ts";

export interface ZkRegistryOptions {
  /** host:port,host:port */
  readonly servers: string;
  /** Root of this cluster, e.g. /case-7: several share the ensemble. Created when absent. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** The registry in ZooKeeper. */
export class ZkRegistry implements Registry {
  readonly #options: ZkRegistryOptions;
  readonly #paths: ZkPaths;
  readonly #sessions = new Set<ZkSession>();
  /** How to end the attempts to open a session. */
  readonly #openings = new Set<() => void>();

  constructor(options: ZkRegistryOptions) {
    this.#options = options;
    this.#paths = new ZkPaths(options.root);
  }

  async open(options: {
    readonly sessionTimeoutMs: number;
    readonly withinMs: number;
  }): Promise<RegistrySession> {
    const { clock, random, servers } = this.#options;
    const opened = new AbortController();
    let session: ZkSession | undefined;
    const client: GuardedClient = new GuardedClient({
      clock,
      random,
      servers,
      timeoutMs: Math.round(options.sessionTimeoutMs),
      connected: (sentMs) => {
        if (session !== undefined) return session.connected(sentMs);
        session = this.#create(client, sentMs);
        opened.abort();
      },
      disconnected: () => session?.disconnected(),
      expired: () => session?.expired(),
    });
    const giveUp = (): void => opened.abort();
    this.#openings.add(giveUp);
    await clock.sleep(options.withinMs, opened.signal);
    this.#openings.delete(giveUp);
    if (session !== undefined) return session;
    client.destroy();
    throw new RegistryError(
      "UNAVAILABLE",
      `ZooKeeper (${servers}) did not open a session within ${options.withinMs} ms: is it running, and reachable?`,
    );
  }

  close(): Promise<void> {
    for (const giveUp of this.#openings) giveUp();
    for (const session of this.#sessions) session.abandon();
    return Promise.resolve();
  }

  #create(client: GuardedClient, sentMs: number): ZkSession {
    const { clock, random } = this.#options;
    if (client.timeoutMs <= 0) throw new InvariantError("ZooKeeper granted a session without a time-out");
    const lease = new SessionLease({ clock, timeoutMs: client.timeoutMs, sentMs });
    const session = new ZkSession({ clock, random, client, lease, paths: this.#paths });
    this.#sessions.add(session);
    lease.onState(() => {
      if (lease.isOver) this.#sessions.delete(session);
    });
    return session;
  }
}
