import { type SqlExecutor, wasStoppedByTimeout } from "../store/index.ts";
import type { RunState } from "./run-state.ts";

/** A workflow that its time-out stopped has failed. In the transaction of its end. */
export async function endAfterTimeout<S extends string>(
  tx: SqlExecutor,
  run: RunState,
  state: S,
): Promise<S | "FAILURE"> {
  const { workflowInstanceId } = run.own;
  const may = state === "STOP" && run.definition.timeouts.workflow !== undefined;
  if (!may) return state;
  const stopped = await wasStoppedByTimeout(tx, { workflowInstanceId, runTimes: run.row.runTimes });
  return stopped ? "FAILURE" : state;
}
