import { CreateMode, type Event, Exception, type Stat } from "node-zookeeper-client";
import { type Clock, errorCode } from "../../base/index.ts";
import { assertAlive, operationLimitMs } from "../operation-limits.ts";
import { RegistryError } from "../registry.ts";
import type { SessionLease } from "../session-lease.ts";
import type { GuardedClient } from "./guarded-client.ts";

/** What ZooKeeper answers instead of doing it. */
export const ZK_CODES = {
  noNode: String(Exception.NO_NODE),
  nodeExists: String(Exception.NODE_EXISTS),
  badVersion: String(Exception.BAD_VERSION),
  notEmpty: String(Exception.NOT_EMPTY),
  noChildrenForEphemerals: String(Exception.NO_CHILDREN_FOR_EPHEMERALS),
} as const;

const CONNECTION_LOSS = String(Exception.CONNECTION_LOSS);
const SESSION_EXPIRED = String(Exception.SESSION_EXPIRED);

type Callback<T> = (error: Error | Exception | null, value: T) => void;
type OnWatch = (event: Event) => void;

/** Data and stat of a node. Data is undefined for a parent that came by itself. */
export interface ZkNode {
  readonly data: Buffer | undefined;
  readonly stat: Stat;
}

export interface ZkOperationsOptions {
  readonly clock: Clock;
  readonly client: GuardedClient;
  readonly lease: SessionLease;
}

/**
 * The calls to ZooKeeper as promises with a limit. A call waits for a connection first; one that had none is
 * UNAVAILABLE, one that was sent and not answered UNKNOWN. What ZooKeeper refuses is thrown as its own error, with one
 * of ZK_CODES.
 */
export class ZkOperations {
  readonly #options: ZkOperationsOptions;
  readonly #waiting = new Set<() => void>();
  #connected = true;

  constructor(options: ZkOperationsOptions) {
    this.#options = options;
    options.lease.onState(() => {
      if (options.lease.isOver) this.#wakeAll();
    });
  }

  /** To be told of the connection. */
  setConnected(connected: boolean): void {
    this.#connected = connected;
    if (connected) this.#wakeAll();
  }

  deadlineMs(): number {
    return this.#options.clock.monotonicMs() + operationLimitMs(this.#options.lease.timeoutMs);
  }

  create(path: string, data: Buffer | undefined, mode: number = CreateMode.PERSISTENT): Promise<string> {
    return this.#write((zk, done: Callback<string>) => {
      if (data === undefined) zk.create(path, mode, done);
      else zk.create(path, data, mode, done);
    });
  }

  setData(path: string, data: Buffer, version: number): Promise<Stat> {
    return this.#write((zk, done: Callback<Stat>) => zk.setData(path, data, version, done));
  }

  async remove(path: string): Promise<void> {
    await this.#write((zk, done: Callback<undefined>) =>
      zk.remove(path, -1, (error) => done(error, undefined)),
    );
  }

  /** Removes the node if it has this version, and creates another one in its place, both or none. */
  async replace(path: string, replacement: { version: number; data: Buffer; mode: number }): Promise<void> {
    const { version, data, mode } = replacement;
    await this.#write((zk, done: Callback<unknown>) => {
      const transaction = zk.transaction().remove(path, version).create(path, data, mode);
      // The library takes version 0 for "any version" (Z6): put it back.
      const first = (transaction as unknown as { ops: { version: number }[] }).ops[0];
      if (first !== undefined) first.version = version;
      transaction.commit(done);
    });
  }

  /** The node, or undefined. */
  read(path: string, onWatch?: OnWatch): Promise<ZkNode | undefined> {
    return this.#read((zk, done: Callback<ZkNode>) => {
      const answer = (error: Error | Exception | null, data: Buffer | undefined, stat: Stat): void =>
        done(error, { data, stat });
      if (onWatch === undefined) zk.getData(path, answer);
      else zk.getData(path, onWatch, answer);
    });
  }

  /** Names of the children, or undefined when there is no such node. */
  children(path: string, onWatch?: OnWatch): Promise<readonly string[] | undefined> {
    return this.#read((zk, done: Callback<readonly string[]>) => {
      if (onWatch === undefined) zk.getChildren(path, done);
      else zk.getChildren(path, onWatch, done);
    });
  }

  /** The stat, or undefined. The watch also tells when the node comes into being. */
  async exists(path: string, onWatch: OnWatch): Promise<Stat | undefined> {
    return (await this.#read((zk, done: Callback<Stat>) => zk.exists(path, onWatch, done))) ?? undefined;
  }

  /**
   * Makes what this session reads next include everything that was acknowledged before: the library has no `sync`, but
   * a write goes through the leader too, even one that has nothing to do. It leaves no trace.
   */
  async sync(absentPath: string): Promise<void> {
    await this.#read((zk, done: Callback<undefined>) =>
      zk.remove(absentPath, -1, (error) => done(error, undefined)),
    );
  }

  /** Something that the server answers, whatever it is: for the heart. */
  async ping(path: string, deadlineMs: number): Promise<void> {
    await this.#attempt((zk, done: Callback<Stat>) => zk.exists(path, done), deadlineMs);
  }

  #write<T>(call: (zk: GuardedClient["zk"], done: Callback<T>) => void): Promise<T> {
    return this.#attempt(call, this.deadlineMs());
  }

  /** Repeated until the limit when the connection breaks; undefined when there is no such node. */
  async #read<T>(call: (zk: GuardedClient["zk"], done: Callback<T>) => void): Promise<T | undefined> {
    const deadlineMs = this.deadlineMs();
    for (;;) {
      try {
        return await this.#attempt(call, deadlineMs);
      } catch (error) {
        if (errorCode(error) === ZK_CODES.noNode) return undefined;
        if (errorCode(error) !== "UNKNOWN") throw error;
        if (this.#options.clock.monotonicMs() >= deadlineMs) {
          throw new RegistryError("UNAVAILABLE", "ZooKeeper did not answer", { cause: error });
        }
      }
      // The library tells a broken connection after it has failed the calls: do not ask on it again.
      await this.#options.clock.sleep(1);
    }
  }

  async #attempt<T>(
    call: (zk: GuardedClient["zk"], done: Callback<T>) => void,
    deadlineMs: number,
  ): Promise<T> {
    await this.#connection(deadlineMs);
    const { client, clock, lease } = this.#options;
    return await new Promise<T>((resolve, reject) => {
      const unknown = (cause?: unknown): RegistryError =>
        new RegistryError("UNKNOWN", "ZooKeeper did not answer", { cause });
      const over = lease.onState(() => {
        if (lease.isOver) finish(() => assertAlive(lease));
      });
      const timer = clock.setTimer(deadlineMs - clock.monotonicMs(), () => finish(() => reject(unknown())));
      const finish = (settle: () => void): void => {
        over();
        timer.cancel();
        try {
          settle();
        } catch (error) {
          reject(error);
        }
      };
      const done: Callback<T> = (error, value) => {
        const code = errorCode(error);
        const lost = code === CONNECTION_LOSS || code === SESSION_EXPIRED;
        finish(() => {
          if (lost) assertAlive(lease);
          if (error === null || error === undefined) resolve(value);
          else reject(lost ? unknown(error) : error);
        });
      };
      try {
        call(client.zk, done);
      } catch (error) {
        // The library checks its arguments by throwing.
        finish(() => reject(new RegistryError("INVALID", "ZooKeeper cannot do this", { cause: error })));
      }
    });
  }

  async #connection(deadlineMs: number): Promise<void> {
    const { clock, lease } = this.#options;
    for (;;) {
      assertAlive(lease);
      if (this.#connected) return;
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) throw new RegistryError("UNAVAILABLE", "there is no connection to ZooKeeper");
      const woken = new AbortController();
      const wake = (): void => woken.abort();
      this.#waiting.add(wake);
      await clock.sleep(leftMs, woken.signal);
      this.#waiting.delete(wake);
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake();
  }
}
