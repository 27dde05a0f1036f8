import { setMaxListeners } from "node:events";
import type { Clock, Random } from "../../base/index.ts";
import { type BeatOutcome, beatUntilOver } from "../beat-until-over.ts";
import { assertAlive, operationLimitMs } from "../operation-limits.ts";
import {
  type Lock,
  type RegistryEntry,
  RegistryError,
  type RegistrySession,
  type SessionState,
  type Watch,
  type Watcher,
} from "../registry.ts";
import { checkNode, checkPath, childNames, isWithin } from "../registry-path.ts";
import type { SessionLease } from "../session-lease.ts";
import { entryOf } from "../tree-diff.ts";
import { WatchFeed } from "../watch-feed.ts";
import type { MemoryRegistryServer } from "./memory-server.ts";
import type { MemoryWire } from "./memory-wire.ts";

export interface MemorySessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly server: MemoryRegistryServer;
  readonly wire: MemoryWire;
  readonly lease: SessionLease;
  readonly id: string;
}

/** A session of the registry in memory: the same rules as over a network, without one. */
export class MemorySession implements RegistrySession {
  readonly id: string;
  readonly #options: MemorySessionOptions;
  readonly #lease: SessionLease;
  readonly #over = new AbortController();
  readonly #feeds = new Set<WatchFeed>();
  readonly #stopListening: readonly (() => void)[];
  /** Lock requests that could not be withdrawn: path by owner. */
  readonly #doomed = new Map<string, string>();
  #showing = false;
  #closing: Promise<void> | undefined;

  constructor(options: MemorySessionOptions) {
    const { clock, server, wire, lease, id } = options;
    this.id = id;
    this.#options = options;
    this.#lease = lease;
    // One listener per operation under way: there may be many.
    setMaxListeners(0, this.#over.signal);
    this.#stopListening = [
      server.onChange(() => this.#showSoon()),
      wire.onMode(() => {
        if (wire.mode === "cut") lease.connectionDown();
        this.#showSoon();
      }),
    ];
    lease.onState((state) => {
      if (state === "LOST") this.abandon();
    });
    const beat = (deadlineMs: number): Promise<BeatOutcome> => {
      const sentMs = clock.monotonicMs();
      return wire.call(deadlineMs, () => (server.touch(id) ? { sentMs } : "ended"), this.#over.signal);
    };
    void beatUntilOver({ clock, lease, beat });
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
    const sessionId = options.ephemeral ? this.id : null;
    await this.#write((server) => server.putNode(path, value, sessionId));
  }

  async get(path: string): Promise<RegistryEntry | undefined> {
    checkPath(path);
    const node = await this.#read((server) => server.node(path));
    return node === undefined ? undefined : entryOf(node);
  }

  async children(path: string): Promise<readonly string[]> {
    checkPath(path);
    const paths = await this.#read((server) => [...server.nodes()].map((node) => node.path));
    return childNames(path, paths);
  }

  async delete(path: string): Promise<void> {
    checkNode(path);
    await this.#write((server) => server.removeNodes((candidate) => isWithin(path, candidate)));
  }

  async watch(prefix: string, watcher: Watcher): Promise<Watch> {
    checkPath(prefix);
    const feed = new WatchFeed(prefix, watcher);
    await this.#read((server) => {
      this.#feeds.add(feed);
      feed.show(server.nodes());
    });
    const close = (): void => {
      this.#feeds.delete(feed);
      feed.close();
    };
    return { close: () => Promise.resolve(close()) };
  }

  async lock(path: string, options: { readonly withinMs: number }): Promise<Lock | undefined> {
    checkPath(path);
    const { clock, random, server } = this.#options;
    const owner = random.uuid();
    const limitMs = clock.monotonicMs() + options.withinMs;
    try {
      await this.#write(() => server.requestLock(path, owner, this.id));
      const token = await this.#turn(path, owner, limitMs);
      if (token !== undefined) return { fencingToken: token, release: this.#releaser(path, owner) };
    } catch (error) {
      this.#doomed.set(owner, path);
      throw error;
    }
    await this.#drop(path, owner).catch(() => undefined);
    return undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends it as the death of the process would: the server ends it by its time-out. */
  abandon(): void {
    this.#lease.lose();
    this.#stop();
  }

  async #close(): Promise<void> {
    const { wire, server, clock } = this.#options;
    const wasOver = this.#lease.isOver;
    this.#lease.close();
    this.#stop();
    if (wasOver) return;
    const deadlineMs = clock.monotonicMs() + operationLimitMs(this.timeoutMs);
    const end = wire.call(deadlineMs, () => server.endSession(this.id), new AbortController().signal);
    await end.catch(() => undefined);
  }

  #stop(): void {
    this.#over.abort();
    for (const stop of this.#stopListening) stop();
    for (const feed of this.#feeds) feed.close();
    this.#feeds.clear();
  }

  async #turn(path: string, owner: string, limitMs: number): Promise<bigint | undefined> {
    const { clock, server, wire } = this.#options;
    for (;;) {
      const woken = new AbortController();
      const wake = (): void => woken.abort();
      const stop = [server.onChange(wake), wire.onMode(wake), this.#lease.onState(wake)];
      const token = wire.mode === "open" ? server.tokenOf(path, owner) : undefined;
      const leftMs = limitMs - clock.monotonicMs();
      if (token === undefined && leftMs > 0) await clock.sleep(leftMs, woken.signal);
      for (const each of stop) each();
      assertAlive(this.#lease);
      if (token !== undefined || leftMs <= 0) return token;
    }
  }

  #releaser(path: string, owner: string): () => Promise<void> {
    let released: Promise<void> | undefined;
    return () => {
      released ??= this.#drop(path, owner).catch((error: unknown) => {
        // A session that is over holds nothing any more.
        if (!this.#lease.isOver) throw error;
      });
      return released;
    };
  }

  async #drop(path: string, owner: string): Promise<void> {
    this.#doomed.set(owner, path);
    await this.#write((server) => server.dropLock(path, owner));
    this.#doomed.delete(owner);
  }

  #showSoon(): void {
    if (this.#showing) return;
    this.#showing = true;
    queueMicrotask(() => {
      this.#showing = false;
      const { server, wire } = this.#options;
      if (wire.mode !== "open" || this.#lease.isOver) return;
      for (const [owner, path] of this.#doomed) {
        this.#doomed.delete(owner);
        server.dropLock(path, owner);
      }
      for (const feed of this.#feeds) feed.show(server.nodes());
    });
  }

  async #read<T>(work: (server: MemoryRegistryServer) => T): Promise<T> {
    try {
      return await this.#write(work);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "UNKNOWN") throw error;
      throw new RegistryError("UNAVAILABLE", error.message);
    }
  }

  /** Whatever the session asks, it asks as a session that the server still knows. */
  async #write<T>(work: (server: MemoryRegistryServer) => T): Promise<T> {
    const { clock, server, wire } = this.#options;
    assertAlive(this.#lease);
    const deadlineMs = clock.monotonicMs() + operationLimitMs(this.timeoutMs);
    const asSession = (): { readonly value: T } | undefined =>
      server.touch(this.id) ? { value: work(server) } : undefined;
    try {
      const answer = await wire.call(deadlineMs, asSession, this.#over.signal);
      if (answer !== undefined) return answer.value;
      this.#lease.lose();
    } catch (error) {
      assertAlive(this.#lease, error);
      throw error;
    }
    throw new RegistryError("SESSION_LOST", "the registry ended the session: open a new one");
  }
}
