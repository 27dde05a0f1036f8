import type { Clock, Random } from "../../base/index.ts";
import { type BeatOutcome, beatUntilOver } from "../beat-until-over.ts";
import { assertAlive, operationLimitMs } from "../operation-limits.ts";
import type { Lock, RegistryEntry, RegistrySession, SessionState, Watch, Watcher } from "../registry.ts";
import { RegistryError } from "../registry.ts";
import { checkNode, checkPath, childNames, prefixOf } from "../registry-path.ts";
import type { SessionLease } from "../session-lease.ts";
import { WatchFeed } from "../watch-feed.ts";
import { JdbcLocks } from "./jdbc-locks.ts";
import { CONNECTING_PART, JdbcObserver } from "./jdbc-observer.ts";
import { JdbcOperations } from "./jdbc-operations.ts";
import { PostgresLink } from "./postgres-link.ts";
import { JDBC_REGISTRY_CHANNEL } from "./schema.ts";
import { SQL } from "./statements.ts";

export interface JdbcSessionOptions {
  readonly url: string;
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly id: string;
  readonly lease: SessionLease;
  /** The connection that it was opened on; the session takes it over. */
  readonly link: PostgresLink;
}

/**
 * A session in Postgres: a row that its heart beats, an observer that looks at everybody else's, and operations. Three
 * connections, so that neither a slow operation nor a slow look keeps the heart from beating.
 */
export class JdbcSession implements RegistrySession {
  readonly id: string;
  readonly #options: JdbcSessionOptions;
  readonly #lease: SessionLease;
  readonly #links: readonly PostgresLink[];
  readonly #operations: JdbcOperations;
  readonly #observer: JdbcObserver;
  readonly #locks: JdbcLocks;
  readonly #work: readonly Promise<void>[];
  #closing: Promise<void> | undefined;

  constructor(options: JdbcSessionOptions) {
    const { clock, random, root, lease, id } = options;
    this.id = id;
    this.#options = options;
    this.#lease = lease;
    const beats = this.#createLink();
    const looks = this.#createLink((payload) => this.#heard(payload));
    this.#links = [options.link, beats, looks];
    this.#operations = new JdbcOperations({ clock, link: options.link, lease });
    this.#locks = new JdbcLocks({ clock, random, operations: this.#operations, lease, root, sessionId: id });
    this.#observer = new JdbcObserver({
      clock,
      link: looks,
      lease,
      root,
      sessionId: id,
      granted: (grants) => this.#locks.granted(grants),
    });
    lease.onState((state) => {
      // Nothing is to be said to the database any more, and nobody shall wait for its answers.
      if (state === "LOST") this.abandon();
    });
    const beat = async (deadlineMs: number): Promise<BeatOutcome> => {
      let sentMs = 0;
      const sent = (atMs: number): void => {
        sentMs = atMs;
      };
      const connectMs = lease.timeoutMs * CONNECTING_PART;
      try {
        const rows = await beats.run({ text: SQL.beat, values: [id], deadlineMs, connectMs, sent });
        // No row: somebody ended the session.
        return rows.length === 0 ? "ended" : { sentMs };
      } catch (error) {
        // What is dead on one connection may be dead on the other: no operation shall have to find that out.
        options.link.dropIdle();
        throw error;
      }
    };
    this.#work = [beatUntilOver({ clock, lease, beat }), this.#observer.watchUntilOver()];
  }

  get timeoutMs(): number {
    return this.#lease.timeoutMs;
  }

  get state(): SessionState {
    return this.#lease.state;
  }

  get leaseDeadlineMs(): number {
    return this.#lease.leaseDeadlineMs;
  }

  onState(listener: (state: SessionState) => void): () => void {
    return this.#lease.onState(listener);
  }

  onLease(listener: (leaseDeadlineMs: number) => void): () => void {
    return this.#lease.onLease(listener);
  }

  async put(path: string, value: string, options: { readonly ephemeral: boolean }): Promise<void> {
    checkNode(path, value);
    const type = options.ephemeral ? "EPHEMERAL" : "PERSISTENT";
    const owner = options.ephemeral ? this.id : null;
    await this.#operations.write(SQL.put, [this.#options.root, path, value, type, owner]);
  }

  async get(path: string): Promise<RegistryEntry | undefined> {
    checkPath(path);
    const [row] = await this.#operations.read(SQL.get, [this.#options.root, path]);
    return row as RegistryEntry | undefined;
  }

  async children(path: string): Promise<readonly string[]> {
    checkPath(path);
    const rows = await this.#operations.read(SQL.below, [this.#options.root, prefixOf(path)]);
    return childNames(
      path,
      rows.map((row) => String(row["path"])),
    );
  }

  async delete(path: string): Promise<void> {
    checkNode(path);
    await this.#operations.write(SQL.remove, [this.#options.root, path, prefixOf(path)]);
  }

  async watch(prefix: string, watcher: Watcher): Promise<Watch> {
    checkPath(prefix);
    assertAlive(this.#lease);
    const feed = new WatchFeed(prefix, watcher);
    const shown = new AbortController();
    const stopListening = this.#lease.onState(() => {
      if (this.#lease.isOver) shown.abort();
    });
    let seen = false;
    this.#observer.add(feed, () => {
      seen = true;
      shown.abort();
    });
    await this.#options.clock.sleep(operationLimitMs(this.timeoutMs), shown.signal);
    stopListening();
    if (seen) return { close: () => Promise.resolve(this.#forget(feed)) };
    this.#forget(feed);
    assertAlive(this.#lease);
    throw new RegistryError("UNAVAILABLE", `the database did not show what is below ${prefix}`);
  }

  async lock(path: string, options: { readonly withinMs: number }): Promise<Lock | undefined> {
    checkPath(path);
    assertAlive(this.#lease);
    return await this.#locks.lock(path, options.withinMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends it as the death of the process would: the row stays until an observer has seen it silent. */
  abandon(): void {
    this.#lease.lose();
    for (const link of this.#links) link.destroy();
  }

  async #close(): Promise<void> {
    const { clock, link } = this.#options;
    if (!this.#lease.isOver) {
      this.#lease.close();
      const deadlineMs = clock.monotonicMs() + operationLimitMs(this.timeoutMs);
      // Unanswered, the session ends by its time-out.
      await link.run({ text: SQL.close, values: [this.id], deadlineMs }).catch(() => undefined);
    }
    for (const each of this.#links) each.destroy();
    await Promise.all(this.#work);
  }

  #createLink(heard?: (payload: string) => void): PostgresLink {
    return createRegistryLink({ ...this.#options, timeoutMs: this.timeoutMs, ...(heard && { heard }) });
  }

  #heard(payload: string): void {
    // What nobody here watches, and a lock that is granted to another session, are not worth a look.
    const isShown = this.#observer.isShowing && payload === `data ${this.#options.root}`;
    if (isShown || this.#locks.isWaiting(payload)) this.#observer.wake();
  }

  #forget(feed: WatchFeed): void {
    feed.close();
    this.#observer.remove(feed);
  }
}

/** A connection as a session of this time-out needs it. */
export function createRegistryLink(options: {
  readonly url: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly heard?: (payload: string) => void;
}): PostgresLink {
  const { url, clock, timeoutMs, heard } = options;
  return new PostgresLink({
    url,
    clock,
    applicationName: "failover-registry",
    // Less than our own deadline, so that a statement that we gave up on is not carried out later.
    statementTimeoutMs: Math.floor(operationLimitMs(timeoutMs) * 0.9),
    ...(heard && { listen: { channel: JDBC_REGISTRY_CHANNEL, heard } }),
  });
}
