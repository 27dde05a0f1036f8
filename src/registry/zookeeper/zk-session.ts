import type { Clock, Random, Timer } from "../../base/index.ts";
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
import { checkNode, checkPath, RESERVED_NAME } from "../registry-path.ts";
import type { SessionLease } from "../session-lease.ts";
import { WatchFeed } from "../watch-feed.ts";
import type { GuardedClient } from "./guarded-client.ts";
import { ZkLocks } from "./zk-locks.ts";
import { deleteNode, putNode } from "./zk-nodes.ts";
import { ZkOperations } from "./zk-operations.ts";
import { ownerOf, type ZkPaths } from "./zk-paths.ts";
import { ZkTreeWatch } from "./zk-tree-watch.ts";
import { ZkWatchHub } from "./zk-watch-hub.ts";

export interface ZkSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Connected. */
  readonly client: GuardedClient;
  readonly lease: SessionLease;
  readonly paths: ZkPaths;
}

/** A session of ZooKeeper, with a heart and a deadline of its own (the library has neither). */
export class ZkSession implements RegistrySession {
  readonly id: string;
  readonly #options: ZkSessionOptions;
  readonly #lease: SessionLease;
  readonly #operations: ZkOperations;
  readonly #hub = new ZkWatchHub();
  readonly #locks: ZkLocks;
  readonly #watches = new Set<ZkTreeWatch>();
  readonly #heart: Timer;
  #closing: Promise<void> | undefined;

  constructor(options: ZkSessionOptions) {
    const { clock, lease, client } = options;
    this.#options = options;
    this.#lease = lease;
    this.id = client.sessionId;
    this.#operations = new ZkOperations({ clock, client, lease });
    this.#locks = new ZkLocks({ ...options, operations: this.#operations, hub: this.#hub });
    this.#heart = clock.setPeriodic(lease.timeoutMs / 5, () => void this.#beat());
    lease.onState((state) => {
      if (state === "LOST") this.abandon();
      if (state === "SUSPENDED") void this.#cutIfSilent();
    });
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

  /** To be told when the client has a connection again: the handshake renewed the session. */
  connected(sentMs: number): void {
    this.#lease.renewed(sentMs);
    this.#operations.setConnected(true);
    for (const watch of this.#watches) watch.refresh();
  }

  disconnected(): void {
    this.#operations.setConnected(false);
    this.#lease.connectionDown();
  }

  expired(): void {
    this.#lease.lose();
  }

  async put(path: string, value: string, options: { readonly ephemeral: boolean }): Promise<void> {
    checkNode(path, value);
    const { paths } = this.#options;
    const wanted = { path: paths.full(path), value, ephemeral: options.ephemeral, sessionId: this.id };
    await putNode(this.#operations, paths, wanted);
  }

  async get(path: string): Promise<RegistryEntry | undefined> {
    checkPath(path);
    await this.#sync();
    const found = await this.#operations.read(this.#options.paths.full(path));
    if (found?.data === undefined) return undefined;
    return { path, value: found.data.toString(), sessionId: ownerOf(found.stat) };
  }

  async children(path: string): Promise<readonly string[]> {
    checkPath(path);
    await this.#sync();
    const names = (await this.#operations.children(this.#options.paths.full(path))) ?? [];
    return names.filter((name) => path !== "/" || name !== RESERVED_NAME).sort();
  }

  async delete(path: string): Promise<void> {
    checkNode(path);
    await deleteNode(this.#operations, this.#options.paths, this.#options.paths.full(path));
  }

  async watch(prefix: string, watcher: Watcher): Promise<Watch> {
    checkPath(prefix);
    assertAlive(this.#lease);
    const { clock, lease, paths } = this.#options;
    const feed = new WatchFeed(prefix, watcher);
    const first = new AbortController();
    let shown = false;
    const watch = new ZkTreeWatch(
      { clock, lease, paths, prefix, feed, operations: this.#operations, hub: this.#hub },
      () => {
        shown = true;
        first.abort();
      },
    );
    this.#watches.add(watch);
    const stopListening = lease.onState(() => {
      if (lease.isOver) first.abort();
    });
    await clock.sleep(operationLimitMs(this.timeoutMs), first.signal);
    stopListening();
    if (shown) return { close: () => Promise.resolve(this.#forget(watch)) };
    this.#forget(watch);
    assertAlive(this.#lease);
    throw new RegistryError("UNAVAILABLE", `ZooKeeper did not show what is below ${prefix}`);
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

  /** Ends it as the death of the process would: the server sees it silent and ends it by its time-out. */
  abandon(): void {
    this.#lease.lose();
    this.#stop();
    this.#options.client.destroy();
  }

  async #close(): Promise<void> {
    const wasOver = this.#lease.isOver;
    this.#lease.close();
    this.#stop();
    if (wasOver) this.#options.client.destroy();
    else await this.#options.client.close(operationLimitMs(this.timeoutMs));
  }

  #stop(): void {
    this.#heart.cancel();
    for (const watch of this.#watches) this.#forget(watch);
  }

  async #sync(): Promise<void> {
    const { random, paths } = this.#options;
    await this.#operations.sync(paths.full(`/.sync-${random.uuid()}`));
  }

  async #beat(): Promise<void> {
    const { clock, paths } = this.#options;
    const sentMs = clock.monotonicMs();
    void this.#cutIfSilent();
    void this.#locks.sweep();
    try {
      await this.#operations.ping(paths.full("/"), sentMs + this.timeoutMs);
    } catch {
      // No lease from this one: only an answer tells when the server last heard of us.
      return;
    }
    this.#lease.renewed(sentMs);
  }

  /** Of a server that says nothing any more the library takes no notice: try the next one. */
  async #cutIfSilent(): Promise<void> {
    const { clock, client } = this.#options;
    const silentSinceMs = clock.monotonicMs() - (2 * this.timeoutMs) / 5;
    if (!client.isConnected || client.heardMs > silentSinceMs) return;
    // A turn later, so that answers that lie there unread count: it may be we who stood still.
    await clock.sleep(1);
    if (client.isConnected && client.heardMs <= silentSinceMs) client.reconnect();
  }

  #forget(watch: ZkTreeWatch): void {
    this.#watches.delete(watch);
    watch.close();
  }
}
