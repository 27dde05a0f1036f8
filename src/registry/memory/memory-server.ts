import type { Clock, Timer } from "../../base/index.ts";
import type { TreeNode } from "../tree-diff.ts";

interface ServerSession {
  readonly id: string;
  readonly timeoutMs: number;
  heardMs: number;
}

interface LockRequest {
  readonly owner: string;
  readonly sessionId: string;
  token: bigint | undefined;
}

/**
 * The server side of the registry in memory: shared by the clients of one process, as a real server is by processes. It
 * ends the sessions that it has not heard of for T, on its clock; while it is frozen it does and hears nothing, and
 * afterwards gives every session its full T again, as ZooKeeper's leader does.
 */
export class MemoryRegistryServer {
  readonly clock: Clock;
  readonly #sessions = new Map<string, ServerSession>();
  readonly #nodes = new Map<string, TreeNode>();
  readonly #locks = new Map<string, LockRequest[]>();
  readonly #listeners = new Set<() => void>();
  readonly #modeListeners = new Set<() => void>();
  #counter = 0;
  #timer: Timer | undefined;
  #mode: "up" | "frozen" | "down" = "up";

  constructor(options: { readonly clock: Clock }) {
    this.clock = options.clock;
  }

  get mode(): "up" | "frozen" | "down" {
    return this.#mode;
  }

  /** "frozen": says nothing, and no connection breaks. "down": refuses connections. "up": works. */
  setMode(mode: "up" | "frozen" | "down"): void {
    if (this.#mode === mode) return;
    this.#mode = mode;
    for (const session of this.#sessions.values()) session.heardMs = this.clock.monotonicMs();
    this.#watchTime();
    for (const listener of this.#modeListeners) listener();
  }

  /** Calls back, in the same turn, when something changed. Returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onMode(listener: () => void): () => void {
    this.#modeListeners.add(listener);
    return () => this.#modeListeners.delete(listener);
  }

  openSession(timeoutMs: number): string {
    const id = `memory-${this.#next()}`;
    this.#sessions.set(id, { id, timeoutMs, heardMs: this.clock.monotonicMs() });
    this.#watchTime();
    return id;
  }

  /** False when there is no such session (any more). */
  touch(sessionId: string): boolean {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) session.heardMs = this.clock.monotonicMs();
    return session !== undefined;
  }

  /** Its nodes and locks go with it. */
  endSession(sessionId: string): void {
    if (!this.#sessions.delete(sessionId)) return;
    for (const node of this.#nodes.values()) if (node.sessionId === sessionId) this.#nodes.delete(node.path);
    for (const [path, queue] of this.#locks) {
      this.#setQueue(
        path,
        queue.filter((request) => request.sessionId !== sessionId),
      );
    }
    this.#watchTime();
    this.#changed();
  }

  nodes(): Iterable<TreeNode> {
    return this.#nodes.values();
  }

  node(path: string): TreeNode | undefined {
    return this.#nodes.get(path);
  }

  /** A node that changes hands is another node. */
  putNode(path: string, value: string, sessionId: string | null): void {
    const old = this.#nodes.get(path);
    const birth = old?.sessionId === sessionId ? old.birth : String(this.#next());
    this.#nodes.set(path, { path, value, sessionId, birth });
    this.#changed();
  }

  removeNodes(concerned: (path: string) => boolean): void {
    for (const path of this.#nodes.keys()) if (concerned(path)) this.#nodes.delete(path);
    this.#changed();
  }

  /** Queues the request, and grants it if nobody is before it. */
  requestLock(path: string, owner: string, sessionId: string): void {
    this.#setQueue(path, [...(this.#locks.get(path) ?? []), { owner, sessionId, token: undefined }]);
    this.#changed();
  }

  /** The fencing token, once granted. */
  tokenOf(path: string, owner: string): bigint | undefined {
    return this.#locks.get(path)?.find((request) => request.owner === owner)?.token;
  }

  dropLock(path: string, owner: string): void {
    const queue = this.#locks.get(path) ?? [];
    this.#setQueue(
      path,
      queue.filter((request) => request.owner !== owner),
    );
    this.#changed();
  }

  #setQueue(path: string, queue: LockRequest[]): void {
    const [first] = queue;
    if (first === undefined) this.#locks.delete(path);
    else this.#locks.set(path, queue);
    if (first !== undefined) first.token ??= BigInt(this.#next());
  }

  #next(): number {
    this.#counter += 1;
    return this.#counter;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** One timer, for the session that is due first. */
  #watchTime(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#mode !== "up" || this.#sessions.size === 0) return;
    const dueMs = Math.min(
      ...[...this.#sessions.values()].map(({ heardMs, timeoutMs }) => heardMs + timeoutMs),
    );
    this.#timer = this.clock.setTimer(Math.max(1, dueMs - this.clock.monotonicMs()), () => this.#expire());
  }

  #expire(): void {
    const now = this.clock.monotonicMs();
    const due = [...this.#sessions.values()].filter(({ heardMs, timeoutMs }) => now >= heardMs + timeoutMs);
    for (const { id } of due) this.endSession(id);
    this.#watchTime();
  }
}
