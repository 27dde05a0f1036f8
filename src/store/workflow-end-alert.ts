import {
  COMMAND_TYPE_CODES,
  TASK_STATE_CODES,
  taskStateOfCode,
  WARNING_TYPE_CODES,
  type WorkflowState,
  wordOfCode,
} from "../model/index.ts";
import { insertAlert } from "./alerts.ts";
import type { SqlExecutor } from "./database.ts";

interface EndedRow {
  readonly name: string | null;
  readonly warningType: number | null;
  readonly projectCode: number | null;
  readonly definitionCode: number | null;
  readonly runTimes: number | null;
  readonly commandType: number | null;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly host: string | null;
  readonly epoch: number;
}

interface FailedTask {
  readonly taskCode: number;
  readonly taskName: string;
  readonly taskType: string;
  readonly state: number;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly taskHost: string | null;
  readonly logPath: string | null;
}

/** DolphinScheduler's rule: ALL tells of every end (also STOP and PAUSE), the others of theirs. */
function isWanted(warningType: number | null, state: WorkflowState): boolean {
  switch (wordOfCode(WARNING_TYPE_CODES, warningType ?? 0)) {
    case "ALL":
      return true;
    case "SUCCESS":
      return state === "SUCCESS";
    case "FAILURE":
      return state === "FAILURE";
    case "NONE":
    case undefined:
      return false;
  }
}

const timeText = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

async function selectFailedTasks(tx: SqlExecutor, id: number): Promise<readonly FailedTask[]> {
  const { rows } = await tx.query<FailedTask>(
    `SELECT task_code AS "taskCode", name AS "taskName", task_type AS "taskType", state, start_time AS "startTime",
            end_time AS "endTime", host AS "taskHost", log_path AS "logPath"
     FROM t_ds_task_instance WHERE workflow_instance_id = $1 AND flag = 1 AND state = ANY($2::int[]) ORDER BY id`,
    [id, [TASK_STATE_CODES.FAILURE, TASK_STATE_CODES.KILL]],
  );
  return rows;
}

/** The content that DolphinScheduler's plug-ins expect: of a failure the failed tasks, else the workflow. */
function contentOf(id: number, row: EndedRow, state: WorkflowState, failed: readonly FailedTask[]): string {
  const workflow = {
    projectCode: row.projectCode,
    workflowDefinitionCode: row.definitionCode,
    workflowInstanceId: id,
    workflowInstanceName: row.name,
  };
  if (state === "FAILURE" && failed.length > 0) {
    return JSON.stringify(
      failed.map(({ state: code, startTime, endTime, taskCode, taskName, taskType, taskHost, logPath }) => ({
        ...workflow,
        taskCode,
        taskName,
        taskType,
        taskState: taskStateOfCode(code) ?? code,
        taskStartTime: timeText(startTime),
        taskEndTime: timeText(endTime),
        taskHost,
        logPath,
      })),
    );
  }
  return JSON.stringify([
    {
      ...workflow,
      commandType: wordOfCode(COMMAND_TYPE_CODES, row.commandType ?? 0) ?? row.commandType,
      workflowExecutionStatus: state,
      runTimes: row.runTimes,
      workflowStartTime: timeText(row.startTime),
      workflowEndTime: timeText(row.endTime),
      workflowHost: row.host,
    },
  ]);
}

/**
 * The alert of a workflow's end, if its `warning_type` asks for one, in the transaction that ends it. One for each end:
 * the epoch tells the ends of a workflow that is resumed or repeated apart.
 */
export async function insertWorkflowEndAlert(
  tx: SqlExecutor,
  id: number,
  state: WorkflowState,
  nowMs: number,
): Promise<{ readonly alertId: number; readonly title: string } | undefined> {
  const { rows } = await tx.query<EndedRow>(
    `SELECT name, warning_type AS "warningType", project_code AS "projectCode",
            workflow_definition_code AS "definitionCode", run_times AS "runTimes", command_type AS "commandType",
            start_time AS "startTime", end_time AS "endTime", host, owner_epoch AS epoch
     FROM t_ds_workflow_instance WHERE id = $1`,
    [id],
  );
  const [row] = rows;
  if (row === undefined || !isWanted(row.warningType, state)) return undefined;
  const failed = state === "FAILURE" ? await selectFailedTasks(tx, id) : [];
  const title = `Workflow ${row.name ?? id} ended in ${state}`;
  const succeeded = state === "SUCCESS";
  const alertId = await insertAlert(tx, {
    title,
    content: contentOf(id, row, state, failed),
    type: succeeded ? "PROCESS_INSTANCE_SUCCESS" : "PROCESS_INSTANCE_FAILURE",
    warningType: succeeded ? "SUCCESS" : "FAILURE",
    dedupeKey: `workflow-end:${id}:${row.runTimes ?? 1}:${row.epoch}`,
    workflowInstanceId: id,
    nowMs,
  });
  return alertId === undefined ? undefined : { alertId, title };
}
