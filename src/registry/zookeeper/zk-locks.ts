import { CreateMode } from "node-zookeeper-client";
import { type Clock, errorCode, type Random } from "../../base/index.ts";
import { assertAlive, operationLimitMs } from "../operation-limits.ts";
import { type Lock, RegistryError } from "../registry.ts";
import type { SessionLease } from "../session-lease.ts";
import { createParents } from "./zk-nodes.ts";
import { ZK_CODES, type ZkOperations } from "./zk-operations.ts";
import { birthOf, type ZkPaths } from "./zk-paths.ts";
import type { ZkWatchHub } from "./zk-watch-hub.ts";

export interface ZkLocksOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly lease: SessionLease;
  readonly operations: ZkOperations;
  readonly hub: ZkWatchHub;
  readonly paths: ZkPaths;
}

/** A request in a lock's queue: its node is `<guid>-<sequence>`. */
interface Request {
  readonly queue: string;
  readonly guid: string;
}

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * ZooKeeper's lock recipe: the ephemeral sequential node with the lowest number holds the lock, every other one watches
 * only the one before it (no herd). The names carry a guid, so that a creation whose answer was lost is found again and
 * neither repeated nor left behind (Z8). The fencing token is the transaction that created the node: it grows over the
 * whole ensemble, whatever becomes of the queue.
 */
export class ZkLocks {
  readonly #options: ZkLocksOptions;
  /** Requests that could not be withdrawn, and the instant after which they cannot come into being any more. */
  readonly #doomed = new Map<Request, number>();
  #sweeping = false;

  constructor(options: ZkLocksOptions) {
    this.#options = options;
  }

  async lock(path: string, withinMs: number): Promise<Lock | undefined> {
    const { clock, random, paths } = this.#options;
    const limitMs = clock.monotonicMs() + withinMs;
    const request = { queue: paths.lock(path), guid: random.uuid() };
    try {
      await this.#request(request, path);
      const fencingToken = await this.#turn(request, limitMs);
      if (fencingToken !== undefined) return { fencingToken, release: this.#releaser(request) };
    } catch (error) {
      this.#doom(request);
      throw error;
    }
    await this.#withdraw(request).catch(() => this.#doom(request));
    return undefined;
  }

  /** Withdraws what could not be withdrawn before; to be called now and then while there is a connection. */
  async sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      for (const [request, untilMs] of this.#doomed) {
        const gone = await this.#withdraw(request);
        if (gone || this.#options.clock.monotonicMs() > untilMs) this.#doomed.delete(request);
      }
    } catch {
      // At the next sweep.
    } finally {
      this.#sweeping = false;
    }
  }

  async #request({ queue, guid }: Request, path: string): Promise<void> {
    const { operations } = this.#options;
    const data = Buffer.from(path);
    for (;;) {
      try {
        await operations.create(`${queue}/${guid}-`, data, CreateMode.EPHEMERAL_SEQUENTIAL);
        return;
      } catch (error) {
        if (errorCode(error) === "UNKNOWN" && (await this.#find({ queue, guid })) !== undefined) return;
        if (errorCode(error) !== ZK_CODES.noNode) throw error;
        await createParents(operations, this.#options.paths, `${queue}/x`);
      }
    }
  }

  /** The token when it is our turn, undefined when the limit is over. A broken connection does not end the wait. */
  async #turn(request: Request, limitMs: number): Promise<bigint | undefined> {
    const { clock, lease } = this.#options;
    for (;;) {
      assertAlive(lease);
      const leftMs = limitMs - clock.monotonicMs();
      try {
        const token = await this.#look(request, leftMs);
        if (token !== undefined) return token;
      } catch (error) {
        if (errorCode(error) !== "UNAVAILABLE" || leftMs <= 0) throw error;
      }
      if (leftMs <= 0) return undefined;
    }
  }

  /** The token if it is our turn; otherwise waits until something has changed, or the time is over. */
  async #look(request: Request, leftMs: number): Promise<bigint | undefined> {
    const queue = await this.#queue(request.queue);
    const own = queue.findIndex((name) => name.startsWith(request.guid));
    const path = `${request.queue}/${queue[own]}`;
    const node = own < 0 ? undefined : await this.#options.operations.read(path);
    if (node === undefined) throw new RegistryError("UNKNOWN", "somebody removed the request for the lock");
    if (own === 0) return BigInt(birthOf(node.stat));
    if (leftMs > 0) await this.#untilGone(`${request.queue}/${queue[own - 1]}`, leftMs);
    return undefined;
  }

  /** Until the node is gone, or something happened that makes it worth a look, or the time is over. */
  async #untilGone(path: string, leftMs: number): Promise<void> {
    const { hub, operations, clock, lease } = this.#options;
    const stop = new AbortController();
    const forget = [
      hub.listen(path, () => stop.abort()),
      // A reconnect may have swallowed the watch: look again.
      lease.onState(() => stop.abort()),
    ];
    try {
      if ((await operations.read(path, hub.watcherOf(path))) === undefined || stop.signal.aborted) return;
      await clock.sleep(Math.min(leftMs, LONGEST_TIMER_MS), stop.signal);
    } finally {
      for (const each of forget) each();
    }
  }

  #releaser(request: Request): () => Promise<void> {
    let released: Promise<void> | undefined;
    return () => {
      released ??= this.#release(request);
      return released;
    };
  }

  async #release(request: Request): Promise<void> {
    try {
      await this.#withdraw(request);
    } catch (error) {
      this.#doom(request);
      // A session that is over holds nothing any more.
      if (!this.#options.lease.isOver) throw error;
    }
  }

  /** By its own name, hence never the lock of somebody who came after us. Tells whether there was one. */
  async #withdraw(request: Request): Promise<boolean> {
    const name = await this.#find(request);
    if (name === undefined) return false;
    try {
      await this.#options.operations.remove(`${request.queue}/${name}`);
    } catch (error) {
      if (errorCode(error) !== ZK_CODES.noNode) throw error;
    }
    return true;
  }

  async #find(request: Request): Promise<string | undefined> {
    return (await this.#queue(request.queue)).find((name) => name.startsWith(request.guid));
  }

  /** Names of the requests, first come first. */
  async #queue(queue: string): Promise<readonly string[]> {
    const names = (await this.#options.operations.children(queue)) ?? [];
    return [...names].sort((left, right) => sequenceOf(left) - sequenceOf(right));
  }

  #doom(request: Request): void {
    const { clock, lease } = this.#options;
    this.#doomed.set(request, clock.monotonicMs() + 2 * operationLimitMs(lease.timeoutMs));
  }
}

/** The ten digits that ZooKeeper appends. */
function sequenceOf(name: string): number {
  return Number(name.slice(-10));
}
