import { errorMessage } from "../base/index.ts";
import type { Watcher } from "./registry.ts";
import { isWithin } from "./registry-path.ts";
import { byPath, diffTrees, entryOf, type Tree, type TreeNode } from "./tree-diff.ts";

/**
 * One watch: is shown the tree again and again, and tells its watcher the differences, one call after the other. What
 * it was not shown is therefore no gap: the next look tells it.
 */
export class WatchFeed {
  readonly #prefix: string;
  readonly #watcher: Watcher;
  #last: Tree | undefined;
  #calls: Promise<void> = Promise.resolve();
  #pending = 0;
  #closed = false;

  constructor(prefix: string, watcher: Watcher) {
    this.#prefix = prefix;
    this.#watcher = watcher;
  }

  /** Takes a look at the tree: nodes outside the prefix are not its affair. The first look is the snapshot. */
  show(nodes: Iterable<TreeNode>): void {
    if (this.#closed) return;
    const tree = new Map<string, TreeNode>();
    for (const node of nodes) if (isWithin(this.#prefix, node.path)) tree.set(node.path, node);
    const last = this.#last;
    this.#last = tree;
    if (last === undefined) {
      const entries = [...tree.values()].map(entryOf).sort(byPath);
      this.#call(() => this.#watcher.snapshot(entries));
      return;
    }
    for (const event of diffTrees(last, tree)) this.#call(() => this.#watcher.event(event));
  }

  /** No call begins after this. */
  close(): void {
    this.#closed = true;
  }

  #call(tell: () => void | Promise<void>): void {
    const run = async (): Promise<void> => {
      try {
        if (!this.#closed) await tell();
      } catch (error) {
        // The stream goes on: one event that its watcher could not handle must not hide the next death.
        process.emitWarning(`a watcher of ${this.#prefix} failed: ${errorMessage(error)}`);
      } finally {
        this.#pending -= 1;
      }
    };
    this.#pending += 1;
    // With nothing before it, the call begins in this turn: whoever awaited `watch` has the snapshot.
    this.#calls = this.#pending === 1 ? run() : this.#calls.then(run);
  }
}
