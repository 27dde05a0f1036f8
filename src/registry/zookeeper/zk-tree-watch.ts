import type { Clock } from "../../base/index.ts";
import { RESERVED_NAME } from "../registry-path.ts";
import type { SessionLease } from "../session-lease.ts";
import type { TreeNode } from "../tree-diff.ts";
import type { WatchFeed } from "../watch-feed.ts";
import type { ZkOperations } from "./zk-operations.ts";
import { birthOf, ownerOf, type ZkPaths } from "./zk-paths.ts";
import type { ZkWatchHub } from "./zk-watch-hub.ts";

export interface ZkTreeWatchOptions {
  readonly clock: Clock;
  readonly lease: SessionLease;
  readonly operations: ZkOperations;
  readonly hub: ZkWatchHub;
  readonly paths: ZkPaths;
  /** Path of the port. */
  readonly prefix: string;
  readonly feed: WatchFeed;
}

interface MirrorNode {
  /** Undefined for a parent that came by itself: it is no node of the port. */
  readonly node: TreeNode | undefined;
  readonly children: readonly string[];
}

/**
 * A copy of a part of the tree, kept with ZooKeeper's one-shot watches. A watch that fires only marks its node; each
 * marked node is read again, *with* watches, and the copy is then shown to the feed, which finds the differences. So
 * what happens between the firing and the arming is in what is read (no gap), and nothing rests on the number of
 * events.
 */
export class ZkTreeWatch {
  readonly #options: ZkTreeWatchOptions;
  readonly #mirror = new Map<string, MirrorNode>();
  readonly #listening = new Map<string, () => void>();
  readonly #marked = new Set<string>();
  readonly #shown: () => void;
  #running = false;
  #closed = false;

  /** `shown` is called at the first look. */
  constructor(options: ZkTreeWatchOptions, shown: () => void) {
    this.#options = options;
    this.#shown = shown;
    this.#mark(options.paths.full(options.prefix));
  }

  /** Reads everything again, as after a reconnect: what the server's own re-armed watches tell is not relied on. */
  refresh(): void {
    this.#mark(this.#top);
    for (const path of this.#mirror.keys()) this.#mark(path);
  }

  close(): void {
    this.#closed = true;
    this.#options.feed.close();
    for (const stop of this.#listening.values()) stop();
    this.#listening.clear();
  }

  get #top(): string {
    return this.#options.paths.full(this.#options.prefix);
  }

  get #over(): boolean {
    return this.#closed || this.#options.lease.isOver;
  }

  #mark(path: string): void {
    this.#marked.add(path);
    if (!this.#running) void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    this.#running = true;
    // Not at once: the marks of one packet are caught up with together.
    await Promise.resolve();
    while (this.#marked.size > 0 && !this.#over) {
      const marked = [...this.#marked];
      this.#marked.clear();
      try {
        await Promise.all(marked.map((path) => this.#read(path)));
        if (!this.#over) this.#show();
      } catch {
        for (const path of marked) this.#marked.add(path);
        if (!this.#over) await this.#options.clock.sleep(Math.max(20, this.#options.lease.timeoutMs / 20));
      }
    }
    this.#running = false;
  }

  #show(): void {
    const nodes: TreeNode[] = [];
    for (const { node } of this.#mirror.values()) if (node !== undefined) nodes.push(node);
    this.#options.feed.show(nodes);
    this.#shown();
  }

  async #read(path: string): Promise<void> {
    const { operations, hub, paths } = this.#options;
    this.#listen(path);
    const onWatch = hub.watcherOf(path);
    const found = await operations.read(path, onWatch);
    if (found === undefined) return await this.#vanished(path);
    const owner = ownerOf(found.stat);
    // Ephemeral nodes have no children to watch for.
    const names = owner === null ? ((await operations.children(path, onWatch)) ?? []) : [];
    const own = paths.own(path);
    const children = names
      .filter((name) => own !== "/" || name !== RESERVED_NAME)
      .map((name) => paths.child(path, name));
    const value = found.data?.toString();
    const node =
      value === undefined ? undefined : { path: own, value, sessionId: owner, birth: birthOf(found.stat) };
    const before = this.#mirror.get(path)?.children ?? [];
    this.#mirror.set(path, { node, children });
    for (const gone of before) if (!children.includes(gone)) this.#forget(gone);
    await Promise.all(children.filter((child) => !this.#mirror.has(child)).map((child) => this.#read(child)));
  }

  async #vanished(path: string): Promise<void> {
    this.#forget(path);
    if (path !== this.#top) return;
    // The watch tells when it comes into being; it may have in this very moment.
    this.#listen(path);
    const { operations, hub } = this.#options;
    if ((await operations.exists(path, hub.watcherOf(path))) !== undefined) this.#marked.add(path);
  }

  #listen(path: string): void {
    if (this.#closed || this.#listening.has(path)) return;
    this.#listening.set(
      path,
      this.#options.hub.listen(path, () => this.#mark(path)),
    );
  }

  #forget(path: string): void {
    this.#listening.get(path)?.();
    this.#listening.delete(path);
    const known = this.#mirror.get(path);
    this.#mirror.delete(path);
    for (const child of known?.children ?? []) this.#forget(child);
  }
}
