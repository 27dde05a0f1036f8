import {
  type BackfillRequest,
  type CommandType,
  FAILURE_STRATEGY_CODES,
  formatScheduleTime,
  MAX_BACKFILL_DATES,
  type OperatorAnswer,
  PRIORITY_CODES,
  parseScheduleTime,
  type StartRequest,
  storedParameters,
  TASK_DEPEND_TYPE_CODES,
} from "../model/index.ts";
import { insertCommand, insertInstance, type SqlExecutor, setScheduleTime } from "../store/index.ts";
import { chooseDefinition, chooseTasks } from "./choose-definition.ts";
import { RefusedError, refused } from "./refusal.ts";

interface Begin {
  readonly requestId: string;
  readonly nowMs: number;
}

function timeOf(text: string, where: string): number {
  const at = parseScheduleTime(text);
  if (at !== undefined) return at;
  throw new RefusedError(
    "INVALID",
    `${where}: ${text} is no time`,
    "write it like 2024-08-01 00:00:00 (UTC)",
  );
}

/** When the run is for: a schedule's time, or the dates of a backfill, the oldest first. Empty: none. */
function datesOf(request: StartRequest | BackfillRequest): readonly number[] {
  if (request.kind === "start")
    return request.scheduleTime === undefined ? [] : [timeOf(request.scheduleTime, "scheduleTime")];
  const dates = [...new Set(request.dates.map((date) => timeOf(date, "dates")))].toSorted((a, b) => a - b);
  if (dates.length === 0 || dates.length > MAX_BACKFILL_DATES) {
    throw new RefusedError(
      "INVALID",
      `a backfill has 1 to ${MAX_BACKFILL_DATES} dates, not ${dates.length}`,
      "ask for it in parts",
    );
  }
  return dates;
}

function typeOf(request: StartRequest | BackfillRequest): CommandType {
  if (request.kind === "backfill") return "COMPLEMENT_DATA";
  return request.scheduleTime === undefined ? "START_PROCESS" : "SCHEDULER";
}

/**
 * An instance and its start command, in one transaction. Throws RefusedError for what cannot be started. A backfill is
 * the instance of its first date; each date's end makes the next.
 */
export async function startWorkflow(
  tx: SqlExecutor,
  { requestId, nowMs }: Begin,
  request: StartRequest | BackfillRequest,
): Promise<OperatorAnswer> {
  const definition = await chooseDefinition(tx, request);
  const startNodes = await chooseTasks(tx, definition, request.startNodes ?? []);
  const dates = datesOf(request);
  const type = typeOf(request);
  const priority = PRIORITY_CODES[request.priority ?? "MEDIUM"];
  const workerGroup = request.workerGroup ?? null;
  const { code: definitionCode, version: definitionVersion } = definition;
  const instance = await insertInstance(tx, {
    definitionCode,
    definitionVersion,
    priority,
    workerGroup,
    failureStrategy: FAILURE_STRATEGY_CODES[request.failureStrategy ?? "CONTINUE"],
    dryRun: request.dryRun ?? false,
    nowMs,
  });
  if (instance === undefined) return refused(`workflow definition ${definitionCode} is gone`, "NOT_FOUND");
  if (dates[0] !== undefined) await setScheduleTime(tx, instance.id, dates[0]);
  await insertCommand(tx, {
    type,
    workflowInstanceId: instance.id,
    definitionCode,
    definitionVersion,
    param: JSON.stringify({
      commandType: type,
      startNodes,
      commandParams: storedParameters(request.params ?? {}),
      timeZone: "UTC",
      ...(request.kind === "backfill" ? { backfillTimeList: dates.map(formatScheduleTime) } : {}),
    }),
    taskDependType: TASK_DEPEND_TYPE_CODES[request.taskDependType ?? "TASK_POST"],
    priority,
    workerGroup,
    requestId,
    nowMs,
  });
  return { accepted: true, workflowInstanceId: instance.id };
}
