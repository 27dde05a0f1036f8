/**
 * The registry as the scheduler sees it: a tree of small text values, sessions that end when their process stops
 * answering, ephemeral nodes that go with their session, watches, and locks with fencing tokens.
 *
 * Paths are absolute below the cluster's root ("/nodes/master/a:1@x"), without a trailing slash. `registry.contract.ts`
 * is the specification: a back end is right when it passes.
 */

/** Connection of a session as the client sees it. LOST and CLOSED are final: a new session has to be opened. */
export type SessionState = "CONNECTED" | "SUSPENDED" | "LOST" | "CLOSED";

/** What a prefix watch tells. `value` of a REMOVED entry is the last one it had. */
export interface RegistryEvent {
  readonly type: "ADDED" | "UPDATED" | "REMOVED";
  readonly path: string;
  readonly value: string;
  /** Id of the session that owns (or owned) the node; null for a persistent one. */
  readonly sessionId: string | null;
}

export interface RegistryEntry {
  readonly path: string;
  readonly value: string;
  readonly sessionId: string | null;
}

/** What the watcher is called with. Calls never overlap: the next comes when the promise of the last is settled. */
export interface Watcher {
  /**
   * The tree below the prefix: the first call of a watch, and again whenever the stream may have had a gap (after a
   * reconnect, after a compaction). Whoever was there before and is not in it was REMOVED.
   * Back ends compute those differences themselves: after `snapshot` has been called once, gaps arrive as `event`s.
   */
  snapshot(entries: readonly RegistryEntry[]): void | Promise<void>;
  event(event: RegistryEvent): void | Promise<void>;
}

export interface Watch {
  close(): Promise<void>;
}

export interface Lock {
  /** Grows with every acquisition of this path, by whomever: the number to fence with. */
  readonly fencingToken: bigint;
  /** Gives the lock up, if it is still this acquisition's; never somebody else's. Idempotent. */
  release(): Promise<void>;
}

/** A session: as long as it lives, its ephemeral nodes and locks stand. */
export interface RegistrySession {
  /** Unique for all time in this registry. */
  readonly id: string;
  /** T as the registry granted it, milliseconds. */
  readonly timeoutMs: number;
  readonly state: SessionState;
  /**
   * F: instant on the monotonic clock up to which the registry cannot have ended this session, computed from the *send*
   * time of the last renewal that was answered: send + T * (1 - 0.001) - K, with K = T / 10 for timer lateness and the
   * time it takes to kill. Never goes back. The state turns LOST when it is over.
   */
  readonly leaseDeadlineMs: number;
  /** Called at each change of state, not with the present one. Returns how to stop listening. */
  onState(listener: (state: SessionState) => void): () => void;
  /** Called whenever `leaseDeadlineMs` moved. Returns how to stop listening. */
  onLease(listener: (leaseDeadlineMs: number) => void): () => void;

  /** Creates the node or changes its value; ephemeral ones belong to this session. Parents come by themselves. */
  put(path: string, value: string, options: { readonly ephemeral: boolean }): Promise<void>;
  /** The entry, or undefined. Linearizable: it sees every change that was acknowledged before the call. */
  get(path: string): Promise<RegistryEntry | undefined>;
  /** Direct children as names (not paths), sorted. Empty when the path does not exist. */
  children(path: string): Promise<readonly string[]>;
  /** Removes exactly this node, with everything below it. An absent one is no error. */
  delete(path: string): Promise<void>;
  /** Watches everything below `prefix` (whole path segments: "/a" does not see "/ab"), and the node itself. */
  watch(prefix: string, watcher: Watcher): Promise<Watch>;
  /** Waits for the lock in first-come order. Undefined when `withinMs` is over: then nothing of the request is left. */
  lock(path: string, options: { readonly withinMs: number }): Promise<Lock | undefined>;
  /** Ends the session on the server: its nodes go at once. Never throws. Idempotent. */
  close(): Promise<void>;
}

/** A back end that can open sessions. */
export interface Registry {
  /**
   * Opens a session. Throws RegistryError (UNAVAILABLE) when the registry does not answer `withinMs`.
   * Every operation of a session has its own deadline too, and throws RegistryError:
   * - UNAVAILABLE: not done.
   * - UNKNOWN: sent, and no answer came: done or not.
   * - SESSION_LOST: the session is LOST or CLOSED.
   */
  open(options: { readonly sessionTimeoutMs: number; readonly withinMs: number }): Promise<RegistrySession>;
  /** Closes what the back end itself holds (pools). Its sessions end as if their process had died. */
  close(): Promise<void>;
}

export type RegistryErrorCode = "UNAVAILABLE" | "UNKNOWN" | "SESSION_LOST" | "INVALID";

export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;

  constructor(code: RegistryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
