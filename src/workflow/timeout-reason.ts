import type { TaskRow } from "../store/index.ts";
import type { RunState } from "./run-state.ts";

/** Stands in `kill_reason` before the kill is sent: whoever hears of its end knows what it means. */
export const TIMEOUT_REASON = "TIMEOUT";

/** It is killed since its time is over: so it has failed, and may be retried. A stop beats that. */
export function isTimedOut(run: Pick<RunState, "state">, task: Pick<TaskRow, "killReason">): boolean {
  return task.killReason === TIMEOUT_REASON && run.state !== "READY_STOP";
}
