/** What is known of an attempt that waits for a worker. Instants are wall-clock milliseconds. */
export interface WaitForWorker {
  /** Since when it could have been handed out: a stored instant, so that a take-over does not begin anew. */
  readonly sinceMs: number;
  /** `dispatchTimeout`; 0: it waits for ever. */
  readonly limitMs: number;
  /** Nothing is given up before this: a master that has just begun has not seen every worker yet. */
  readonly notBeforeMs: number;
  readonly nowMs: number;
  readonly group: "unknown" | "unserved" | "served";
}

export type WaitVerdict =
  /** Go on; look again at the instant, when there is one. */
  | { readonly kind: "wait"; readonly lookAtMs: number | undefined }
  /** No worker was found in time. A retry may follow. */
  | { readonly kind: "no-worker" }
  /** The group does not exist: no retry would find it. */
  | { readonly kind: "unknown-group" };

/** A task that is late but has a worker now is looked at again after so long, milliseconds. */
const LATE_LOOK_MS = 1000;

/**
 * Whether an attempt has waited for a worker long enough. With a limit, a group that does not exist is no reason to
 * wait at all; a group whose workers are away or BUSY is one, up to the limit. Without a limit it waits for ever: a
 * group may be made, and a worker may come.
 */
export function judgeWait(wait: WaitForWorker): WaitVerdict {
  if (wait.limitMs <= 0) return { kind: "wait", lookAtMs: undefined };
  // An instant further ahead than the limit is long comes from a damaged row or a clock that was set.
  const isDamaged = wait.sinceMs > wait.nowMs + wait.limitMs;
  const dueMs = Math.max(wait.notBeforeMs, isDamaged ? wait.nowMs : wait.sinceMs + wait.limitMs);
  if (wait.group === "unknown") {
    if (wait.nowMs >= wait.notBeforeMs) return { kind: "unknown-group" };
    return { kind: "wait", lookAtMs: wait.notBeforeMs };
  }
  if (wait.nowMs < dueMs) return { kind: "wait", lookAtMs: dueMs };
  if (wait.group === "served") return { kind: "wait", lookAtMs: wait.nowMs + LATE_LOOK_MS };
  return { kind: "no-worker" };
}
