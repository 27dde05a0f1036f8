import type { Event } from "node-zookeeper-client";

/**
 * One watcher function per path for the whole session: the library keeps each function once, so that neither arming a
 * watch again nor many listeners of one node pile up (Z10).
 */
export class ZkWatchHub {
  readonly #paths = new Map<
    string,
    { readonly listeners: Set<() => void>; readonly onWatch: (event: Event) => void }
  >();

  /** What to hand to ZooKeeper, so that the listeners of the path hear of its next change. */
  watcherOf(path: string): (event: Event) => void {
    return this.#entry(path).onWatch;
  }

  /** Calls back at changes of the path that a watch was armed for. Returns how to stop. */
  listen(path: string, listener: () => void): () => void {
    const { listeners } = this.#entry(path);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#paths.delete(path);
    };
  }

  #entry(path: string): { readonly listeners: Set<() => void>; readonly onWatch: (event: Event) => void } {
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    const listeners = new Set<() => void>();
    // Only sets marks and wakes sleepers: nothing that throws may run in the library's socket handler (Z9).
    const onWatch = (): void => {
      for (const listener of listeners) listener();
    };
    const entry = { listeners, onWatch };
    this.#paths.set(path, entry);
    return entry;
  }
}
