import {
  FLAG_CODES,
  isTaskFinished,
  TASK_STATE_CODES,
  type TaskState,
  taskStateOfCode,
} from "../model/index.ts";
import { CHILD_ID } from "./children.ts";
import { DamagedRowError, type SqlExecutor, sqlTime } from "./database.ts";
import { freeSlotOfTask, inheritSlot } from "./task-slots.ts";

/** An attempt: a row of t_ds_task_instance. Times in milliseconds since the epoch. */
export interface TaskRow {
  readonly id: number;
  readonly name: string;
  readonly taskType: string;
  readonly taskCode: number;
  readonly workflowInstanceId: number;
  readonly state: TaskState;
  readonly flag: number;
  readonly host: string | null;
  readonly retryTimes: number;
  readonly maxRetryTimes: number;
  readonly firstSubmitTime: number | null;
  readonly submitTime: number | null;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly taskParams: string | null;
  readonly workerGroup: string | null;
  readonly priority: number | null;
  readonly environmentConfig: string | null;
  readonly varPool: string | null;
  readonly logPath: string | null;
  readonly workerIncarnation: string | null;
  readonly dispatchNo: number;
  readonly killReason: string | null;
  readonly taskGroupId: number | null;
  /** The sub-workflow that it stands for. */
  readonly childId: number | null;
}

const COLUMNS = `id, name, task_type AS "taskType", task_code AS "taskCode",
  workflow_instance_id AS "workflowInstanceId",
  state, flag, host, coalesce(retry_times, 0) AS "retryTimes", coalesce(max_retry_times, 0) AS "maxRetryTimes",
  first_submit_time AS "firstSubmitTime", submit_time AS "submitTime", start_time AS "startTime", end_time AS "endTime",
  task_params AS "taskParams", worker_group AS "workerGroup", task_instance_priority AS priority,
  environment_config AS "environmentConfig", var_pool AS "varPool", log_path AS "logPath",
  worker_incarnation AS "workerIncarnation", dispatch_no AS "dispatchNo", kill_reason AS "killReason",
  task_group_id AS "taskGroupId", ${CHILD_ID} AS "childId"`;

type RawTaskRow = Omit<TaskRow, "state"> & { readonly state: number };

function parse(row: RawTaskRow): TaskRow {
  const state = taskStateOfCode(row.state);
  if (state === undefined)
    throw new DamagedRowError(`task instance ${row.id} has state ${row.state}, which is none`);
  return { ...row, state };
}

function first(rows: readonly RawTaskRow[], what: string): TaskRow {
  if (rows[0] === undefined) throw new DamagedRowError(`${what} is gone from t_ds_task_instance`);
  return parse(rows[0]);
}

/** The valid attempts of a workflow (flag YES), by id. */
export async function selectValidTasks(
  sql: SqlExecutor,
  workflowInstanceId: number,
): Promise<readonly TaskRow[]> {
  const { rows } = await sql.query<RawTaskRow>(
    `SELECT ${COLUMNS} FROM t_ds_task_instance WHERE workflow_instance_id = $1 AND flag = 1 ORDER BY id`,
    [workflowInstanceId],
  );
  return rows.map(parse);
}

/** What a first attempt is made from. */
export interface NewTask {
  readonly workflowInstanceId: number;
  readonly workflowInstanceName: string | null;
  readonly projectCode: number | null;
  readonly name: string;
  readonly taskType: string;
  readonly taskCode: number;
  readonly definitionVersion: number;
  readonly taskParams: string | null;
  readonly maxRetryTimes: number;
  readonly retryInterval: number;
  readonly delayTime: number;
  readonly priority: number | null;
  readonly workerGroup: string;
  readonly environmentCode: number;
  readonly environmentConfig: string | null;
  readonly taskGroupId: number | null;
  readonly varPool: string | null;
  readonly dryRun: number | null;
  readonly epoch: number;
  readonly nowMs: number;
}

/** The first attempt of a task: SUBMITTED_SUCCESS, flag YES. After OWN. */
export async function insertTask(tx: SqlExecutor, task: NewTask): Promise<TaskRow> {
  const { rows } = await tx.query<RawTaskRow>(
    `INSERT INTO t_ds_task_instance (name, task_type, task_code, task_definition_version, workflow_instance_id,
       workflow_instance_name, project_code, state, submit_time, first_submit_time, retry_times, max_retry_times,
       retry_interval, delay_time, task_params, flag, task_instance_priority, worker_group, environment_code,
       environment_config, task_group_id, var_pool, dry_run, written_epoch)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, $10, $11, $12, $13, 1, $14, $15, $16, $17, $18, $19, $20, $21)
     RETURNING ${COLUMNS}`,
    [
      task.name,
      task.taskType,
      task.taskCode,
      task.definitionVersion,
      task.workflowInstanceId,
      task.workflowInstanceName,
      task.projectCode,
      TASK_STATE_CODES.SUBMITTED_SUCCESS,
      sqlTime(task.nowMs),
      task.maxRetryTimes,
      task.retryInterval,
      task.delayTime,
      task.taskParams,
      task.priority,
      task.workerGroup,
      task.environmentCode,
      task.environmentConfig,
      task.taskGroupId,
      task.varPool,
      task.dryRun,
      task.epoch,
    ],
  );
  return first(rows, `the new attempt of ${task.name}`);
}

/** Columns that a change of state may set with it. Undefined: left as it is. */
export interface TaskChange {
  readonly from: readonly TaskState[];
  readonly to: TaskState;
  /** Only this delivery. Undefined: whichever. */
  readonly dispatchNo?: number;
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
  readonly pid?: number;
  readonly logPath?: string;
  readonly varPool?: string;
  readonly epoch: number;
}

/** Changes the state of a valid attempt, after OWN. Undefined when it is in another state or delivery by now. */
export async function changeTaskState(
  tx: SqlExecutor,
  id: number,
  change: TaskChange,
): Promise<TaskRow | undefined> {
  const { rows } = await tx.query<RawTaskRow>(
    `UPDATE t_ds_task_instance SET state = $2, start_time = coalesce($5::timestamp, start_time),
       end_time = coalesce($6::timestamp, end_time), pid = coalesce($7::int, pid), log_path = coalesce($8, log_path),
       var_pool = coalesce($9, var_pool), written_epoch = $10
     WHERE id = $1 AND flag = 1 AND state = ANY($3::int[]) AND ($4::int IS NULL OR dispatch_no = $4)
     RETURNING ${COLUMNS}`,
    [
      id,
      TASK_STATE_CODES[change.to],
      change.from.map((state) => TASK_STATE_CODES[state]),
      change.dispatchNo ?? null,
      change.startTimeMs === undefined ? null : sqlTime(change.startTimeMs),
      change.endTimeMs === undefined ? null : sqlTime(change.endTimeMs),
      change.pid ?? null,
      change.logPath ?? null,
      change.varPool ?? null,
      change.epoch,
    ],
  );
  const changed = rows[0];
  if (changed === undefined) return undefined;
  if (isTaskFinished(change.to) && (changed.taskGroupId ?? 0) > 0) await freeSlotOfTask(tx, id);
  return parse(changed);
}

/** Hands the attempt to a worker life: DISPATCH, the next delivery number. After OWN, before the RPC leaves. */
export async function markDispatched(
  tx: SqlExecutor,
  id: number,
  to: { readonly workerIncarnation: string; readonly address: string; readonly epoch: number },
): Promise<TaskRow | undefined> {
  const { rows } = await tx.query<RawTaskRow>(
    `UPDATE t_ds_task_instance SET state = ${TASK_STATE_CODES.DISPATCH}, worker_incarnation = $2, host = $3,
       dispatch_no = dispatch_no + 1, written_epoch = $4
     WHERE id = $1 AND flag = 1
       AND state IN (${TASK_STATE_CODES.SUBMITTED_SUCCESS}, ${TASK_STATE_CODES.DELAY_EXECUTION})
     RETURNING ${COLUMNS}`,
    [id, to.workerIncarnation, to.address, to.epoch],
  );
  return rows[0] === undefined ? undefined : parse(rows[0]);
}

/** A definite refusal: the attempt waits again. After OWN. Undefined when that delivery is not the last any more. */
export async function takeBack(
  tx: SqlExecutor,
  id: number,
  delivery: { readonly dispatchNo: number; readonly epoch: number },
): Promise<TaskRow | undefined> {
  const { rows } = await tx.query<RawTaskRow>(
    `UPDATE t_ds_task_instance SET state = ${TASK_STATE_CODES.SUBMITTED_SUCCESS}, worker_incarnation = NULL,
       host = NULL, written_epoch = $3
     WHERE id = $1 AND flag = 1 AND dispatch_no = $2 AND state = ${TASK_STATE_CODES.DISPATCH} RETURNING ${COLUMNS}`,
    [id, delivery.dispatchNo, delivery.epoch],
  );
  return rows[0] === undefined ? undefined : parse(rows[0]);
}

/** Why a new attempt follows an old one. */
export type CloneReason = "retry" | "failover" | "recover";

/**
 * A new attempt in place of an old one, in one statement: the old loses its flag (and, at a failover, becomes
 * NEED_FAULT_TOLERANCE), the new one is SUBMITTED_SUCCESS. After OWN. Undefined when the old one is not valid any more.
 * A failover keeps retry_times, start_time and end_time as DolphinScheduler does; a retry counts up and clears them.
 * A sub-workflow goes with its attempt, but a retry gets a new one.
 */
export async function cloneTask(
  tx: SqlExecutor,
  id: number,
  clone: {
    readonly reason: CloneReason;
    readonly from: readonly TaskState[];
    readonly epoch: number;
    readonly nowMs: number;
  },
): Promise<TaskRow | undefined> {
  const retry = clone.reason === "retry";
  const { rows } = await tx.query<RawTaskRow>(
    `WITH old AS (
       UPDATE t_ds_task_instance SET flag = ${FLAG_CODES.NO}, written_epoch = $2,
         state = CASE WHEN $3 THEN ${TASK_STATE_CODES.NEED_FAULT_TOLERANCE} ELSE state END
       WHERE id = $1 AND flag = 1 AND state = ANY($4::int[]) RETURNING *
     )
     INSERT INTO t_ds_task_instance (name, task_type, task_execute_type, task_code, task_definition_version,
       workflow_instance_id, workflow_instance_name, project_code, state, submit_time, first_submit_time, start_time,
       end_time, retry_times, max_retry_times, retry_interval, delay_time, app_link, task_params, flag, is_cache,
       cache_key, task_instance_priority, worker_group, environment_code, environment_config, executor_id,
       executor_name, task_group_id, var_pool, dry_run, cpu_quota, memory_max, test_flag, written_epoch,
       sub_workflow_instance_id)
     SELECT name, task_type, task_execute_type, task_code, task_definition_version, workflow_instance_id,
       workflow_instance_name, project_code, ${TASK_STATE_CODES.SUBMITTED_SUCCESS}, $5, first_submit_time,
       CASE WHEN $6 THEN NULL ELSE start_time END, CASE WHEN $6 THEN NULL ELSE end_time END,
       coalesce(retry_times, 0) + CASE WHEN $6 THEN 1 ELSE 0 END,
       max_retry_times, retry_interval, delay_time,
       CASE WHEN $6 AND task_type = 'SUB_WORKFLOW' THEN NULL ELSE app_link END, task_params,
       1, is_cache, cache_key, task_instance_priority, worker_group, environment_code, environment_config, executor_id,
       executor_name, task_group_id, var_pool, dry_run, cpu_quota, memory_max, test_flag, $2,
       CASE WHEN $6 THEN NULL ELSE sub_workflow_instance_id END
     FROM old RETURNING ${COLUMNS}`,
    [
      id,
      clone.epoch,
      clone.reason === "failover",
      clone.from.map((state) => TASK_STATE_CODES[state]),
      sqlTime(clone.nowMs),
      retry,
    ],
  );
  const next = rows[0];
  if (next === undefined) return undefined;
  // Who was lost hands its slot on; a retry gave it up with the failure and asks anew.
  if (clone.reason === "failover" && (next.taskGroupId ?? 0) > 0) await inheritSlot(tx, id, next.id);
  return parse(next);
}

/** Two valid attempts of one task (a damaged database): the newest stays valid. After OWN. */
export async function invalidateOlderDuplicates(
  tx: SqlExecutor,
  workflowInstanceId: number,
  epoch: number,
): Promise<void> {
  await tx.query(
    `UPDATE t_ds_task_instance older SET flag = 0, written_epoch = $2 WHERE workflow_instance_id = $1 AND flag = 1
     AND EXISTS (SELECT 1 FROM t_ds_task_instance newer WHERE newer.workflow_instance_id = $1 AND newer.flag = 1
       AND newer.task_code = older.task_code AND newer.id > older.id)`,
    [workflowInstanceId, epoch],
  );
}

/** For a run from the start: no attempt counts any more. */
export async function invalidateAllTasks(
  tx: SqlExecutor,
  workflowInstanceIds: readonly number[],
): Promise<void> {
  await tx.query(
    "UPDATE t_ds_task_instance SET flag = 0 WHERE workflow_instance_id = ANY($1::int[]) AND flag = 1",
    [workflowInstanceIds],
  );
}

/** Live attempts in workflows of this owner whose worker life is over: their owner has to act. */
export async function selectAttemptsOnDeadWorkers(
  sql: SqlExecutor,
  ownerIncarnation: string,
): Promise<readonly { readonly workflowInstanceId: number; readonly taskInstanceId: number }[]> {
  const { rows } = await sql.query<{ workflowInstanceId: number; taskInstanceId: number }>(
    `SELECT w.id AS "workflowInstanceId", t.id AS "taskInstanceId"
     FROM t_ds_workflow_instance w JOIN t_ds_task_instance t ON t.workflow_instance_id = w.id
     WHERE w.owner_incarnation = $1 AND w.state IN (1, 2, 4) AND t.flag = 1
       AND t.state IN (${TASK_STATE_CODES.DISPATCH}, ${TASK_STATE_CODES.RUNNING_EXECUTION})
       AND NOT EXISTS (SELECT 1 FROM t_ds_server s WHERE s.incarnation = t.worker_incarnation AND s.state = 'ALIVE')`,
    [ownerIncarnation],
  );
  return rows;
}
