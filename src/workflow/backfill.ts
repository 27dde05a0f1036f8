import {
  type EndState,
  FAILURE_STRATEGY_CODES,
  parseScheduleTime,
  readCommandParam,
} from "../model/index.ts";
import {
  closeRequest,
  insertCommand,
  insertInstance,
  openRequest,
  type SqlExecutor,
  setScheduleTime,
  type WorkflowRow,
} from "../store/index.ts";

/** The dates of the series that come after the one that this instance ran. */
function datesAfter(row: Pick<WorkflowRow, "commandParam" | "scheduleTime">): readonly string[] {
  const times = readCommandParam(row.commandParam)?.backfillTimes ?? [];
  const at = times.findIndex((time) => parseScheduleTime(time) === row.scheduleTime);
  return times.slice(at < 0 ? 1 : at + 1);
}

/**
 * The next date of a backfill is started in the transaction that ends the one before: dies its owner there, neither
 * happened. A failed date ends the series under failure strategy END; a stopped one always does; a paused one goes on
 * with it when it is recovered. However often an instance is ended (recovered, repeated), its successor is made once.
 */
export async function startNextDate(
  tx: SqlExecutor,
  row: WorkflowRow,
  end: { readonly state: EndState; readonly nowMs: number },
): Promise<void> {
  if (row.commandParam?.includes("backfillTimeList") !== true) return;
  const [next, ...later] = datesAfter(row);
  const stops = end.state === "FAILURE" && row.failureStrategy !== FAILURE_STRATEGY_CODES.CONTINUE;
  if (next === undefined || stops || end.state === "STOP" || end.state === "PAUSE") return;
  const requestId = `backfill-after-${row.id}`;
  if ((await openRequest(tx, requestId, end.nowMs)).kind !== "new") return;
  const { definitionCode, definitionVersion, workerGroup, taskDependType } = row;
  const priority = row.priority ?? 2;
  const instance = await insertInstance(tx, {
    definitionCode,
    definitionVersion,
    priority,
    workerGroup,
    failureStrategy: row.failureStrategy ?? FAILURE_STRATEGY_CODES.END,
    dryRun: row.dryRun === 1,
    nowMs: end.nowMs,
  });
  if (instance === undefined) return;
  await setScheduleTime(tx, instance.id, parseScheduleTime(next) ?? null);
  await insertCommand(tx, {
    type: "COMPLEMENT_DATA",
    workflowInstanceId: instance.id,
    definitionCode,
    definitionVersion,
    param: JSON.stringify({
      ...readCommandParam(row.commandParam)?.stored,
      backfillTimeList: [next, ...later],
    }),
    taskDependType,
    priority,
    workerGroup,
    requestId,
    nowMs: end.nowMs,
  });
  await closeRequest(tx, requestId, instance.id);
}
