import type { Clock, Random } from "../../base/index.ts";
import { assertAlive, operationLimitMs } from "../operation-limits.ts";
import type { Lock } from "../registry.ts";
import type { SessionLease } from "../session-lease.ts";
import type { Grant } from "./jdbc-observer.ts";
import type { JdbcOperations } from "./jdbc-operations.ts";
import { SQL } from "./statements.ts";

export interface JdbcLocksOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly operations: JdbcOperations;
  readonly lease: SessionLease;
  readonly root: string;
  readonly sessionId: string;
}

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Locks of one session. A request is a row of its own (named by a uuid, so that it can be withdrawn even when the
 * answer to its insertion was lost); the database hands the lock on, and the observer tells us when it is our turn.
 *
 * Requests that could not be withdrawn are doomed: they are removed as soon as the database answers again, so that the
 * lock does not wait for somebody who has gone away.
 */
export class JdbcLocks {
  readonly #options: JdbcLocksOptions;
  readonly #waiting = new Map<string, (token: bigint) => void>();
  /** Owner of the request, and the instant after which a statement in flight cannot insert it any more. */
  readonly #doomed = new Map<string, number>();
  #sweeping = false;

  constructor(options: JdbcLocksOptions) {
    this.#options = options;
  }

  async lock(path: string, withinMs: number): Promise<Lock | undefined> {
    const { clock, random, operations, root, sessionId } = this.#options;
    const limitMs = clock.monotonicMs() + withinMs;
    const owner = random.uuid();
    try {
      await operations.write(SQL.requestLock, [root, path, owner, sessionId]);
      const token = await this.#turn(owner, limitMs);
      if (token !== undefined) return { fencingToken: token, release: this.#releaser(owner) };
    } catch (error) {
      this.#doom(owner);
      throw error;
    }
    await this.#withdraw(owner).catch(() => this.#doom(owner));
    return undefined;
  }

  /** Whether a notification (`lock <owner>`) is about a request of ours that waits. */
  isWaiting(notification: string): boolean {
    return notification.startsWith("lock ") && this.#waiting.has(notification.slice("lock ".length));
  }

  /** Called with what every poll showed. */
  granted(grants: readonly Grant[]): void {
    for (const { owner, token } of grants) this.#waiting.get(owner)?.(BigInt(token));
    void this.#sweep();
  }

  /** The token when the lock is ours, undefined when the limit is over. Throws SESSION_LOST. */
  async #turn(owner: string, limitMs: number): Promise<bigint | undefined> {
    const { clock, lease, operations } = this.#options;
    const stop = new AbortController();
    let token: bigint | undefined;
    this.#waiting.set(owner, (granted) => {
      token = granted;
      stop.abort();
    });
    const forget = lease.onState(() => {
      if (lease.isOver) stop.abort();
    });
    try {
      const [row] = await operations.read(SQL.lookAtLock, [owner]);
      // The request went with the session.
      if (row === undefined) lease.lose();
      assertAlive(lease);
      if (typeof row?.["token"] === "string") return BigInt(row["token"]);
      if (!stop.signal.aborted)
        await clock.sleep(Math.min(limitMs - clock.monotonicMs(), LONGEST_TIMER_MS), stop.signal);
      assertAlive(lease);
      return token;
    } finally {
      forget();
      this.#waiting.delete(owner);
    }
  }

  #releaser(owner: string): () => Promise<void> {
    let released: Promise<void> | undefined;
    return () => {
      released ??= this.#release(owner);
      return released;
    };
  }

  async #release(owner: string): Promise<void> {
    try {
      await this.#withdraw(owner);
    } catch (error) {
      this.#doom(owner);
      // A session that is over holds nothing any more.
      if (!this.#options.lease.isOver) throw error;
    }
  }

  /** By its own name, hence never the lock of somebody who came after us. */
  async #withdraw(owner: string): Promise<boolean> {
    const rows = await this.#options.operations.write(SQL.dropLock, [owner]);
    return rows.length > 0;
  }

  #doom(owner: string): void {
    const { clock, lease } = this.#options;
    this.#doomed.set(owner, clock.monotonicMs() + 2 * operationLimitMs(lease.timeoutMs));
  }

  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      for (const [owner, untilMs] of this.#doomed) {
        const gone = await this.#withdraw(owner);
        if (gone || this.#options.clock.monotonicMs() > untilMs) this.#doomed.delete(owner);
      }
    } catch {
      // After the next poll.
    } finally {
      this.#sweeping = false;
    }
  }
}
