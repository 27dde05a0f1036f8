import {
  FINISHED_WORKFLOW_CODES,
  OWNED_WORKFLOW_CODES,
  WORKFLOW_STATE_CODES,
  type WorkflowState,
  workflowStateOfCode,
} from "../model/index.ts";
import { DamagedRowError, NotOwnerError, type SqlExecutor, sqlTime } from "./database.ts";
import { notifyParent } from "./reports.ts";
import { leaveGate } from "./serial-gates.ts";
import { freeSlotsOfWorkflow } from "./task-slots.ts";

/** A workflow instance as its owner works with it. Times in milliseconds since the epoch. */
export interface WorkflowRow {
  readonly id: number;
  readonly name: string | null;
  readonly definitionCode: number;
  readonly definitionVersion: number;
  readonly projectCode: number | null;
  readonly state: WorkflowState;
  readonly runTimes: number | null;
  readonly host: string | null;
  readonly commandParam: string | null;
  readonly taskDependType: number | null;
  readonly failureStrategy: number | null;
  readonly globalParams: string | null;
  readonly varPool: string | null;
  /** The time that its schedule meant; null: it was started by hand. */
  readonly scheduleTime: number | null;
  readonly priority: number | null;
  readonly workerGroup: string | null;
  readonly environmentCode: number | null;
  readonly dryRun: number | null;
  readonly testFlag: number | null;
  readonly ownerIncarnation: string | null;
  readonly ownerEpoch: number;
  readonly preFailoverState: number | null;
  readonly startTime: number | null;
  readonly restartTime: number | null;
  /** When the present run began; a failover does not change it. Null: a row that this program has not claimed yet. */
  readonly runStartedTime: number | null;
  /** Minutes. */
  readonly timeout: number | null;
}

/** The right to write a workflow: what the condition of every owner's write checks. */
export interface Ownership {
  readonly workflowInstanceId: number;
  readonly incarnation: string;
  readonly epoch: number;
}

const COLUMNS = `id, name, workflow_definition_code AS "definitionCode",
  workflow_definition_version AS "definitionVersion", project_code AS "projectCode", state,
  run_times AS "runTimes", host,
  command_param AS "commandParam", task_depend_type AS "taskDependType", failure_strategy AS "failureStrategy",
  global_params AS "globalParams", var_pool AS "varPool", workflow_instance_priority AS priority,
  worker_group AS "workerGroup", environment_code AS "environmentCode", dry_run AS "dryRun", test_flag AS "testFlag",
  owner_incarnation AS "ownerIncarnation", owner_epoch AS "ownerEpoch", pre_failover_state AS "preFailoverState",
  schedule_time AS "scheduleTime", start_time AS "startTime", restart_time AS "restartTime",
  run_started_time AS "runStartedTime", timeout`;

type RawWorkflowRow = Omit<WorkflowRow, "state"> & { readonly state: number };

function parse(row: RawWorkflowRow): WorkflowRow {
  const state = workflowStateOfCode(row.state);
  if (state === undefined)
    throw new DamagedRowError(`workflow instance ${row.id} has state ${row.state}, which is none`);
  return { ...row, state };
}

/** One workflow, or undefined. */
export async function selectWorkflow(sql: SqlExecutor, id: number): Promise<WorkflowRow | undefined> {
  const { rows } = await sql.query<RawWorkflowRow>(
    `SELECT ${COLUMNS} FROM t_ds_workflow_instance WHERE id = $1`,
    [id],
  );
  return rows[0] === undefined ? undefined : parse(rows[0]);
}

/** Locks workflows for a change of owner, in the order of ids. A row with an unknown state is left out. */
export async function lockWorkflows(
  tx: SqlExecutor,
  ids: readonly number[],
): Promise<ReadonlyMap<number, WorkflowRow>> {
  const { rows } = await tx.query<RawWorkflowRow>(
    `SELECT ${COLUMNS} FROM t_ds_workflow_instance WHERE id = ANY($1::int[]) ORDER BY id FOR NO KEY UPDATE`,
    [ids],
  );
  return new Map(
    rows.filter((row) => workflowStateOfCode(row.state) !== undefined).map((row) => [row.id, parse(row)]),
  );
}

/**
 * OWN: first in each owner's write. Locks the workflow row if it is still this owner's in this epoch and unfinished, so
 * that no take-over can pass until the transaction ends. Throws NotOwnerError, which says what was not written.
 */
export async function assertOwned(tx: SqlExecutor, own: Ownership, what: string): Promise<void> {
  const { rowCount } = await tx.query(
    `SELECT 1 FROM t_ds_workflow_instance WHERE id = $1 AND owner_incarnation = $2 AND owner_epoch = $3
     AND NOT state = ANY($4::int[]) FOR NO KEY UPDATE`,
    [own.workflowInstanceId, own.incarnation, own.epoch, FINISHED_WORKFLOW_CODES],
  );
  if (rowCount !== 1) throw new NotOwnerError(what);
}

/** After OWN: RUNNING to READY_STOP and the like. False when the state is another one by now. */
export async function changeWorkflowState(
  tx: SqlExecutor,
  id: number,
  change: { readonly from: readonly WorkflowState[]; readonly to: WorkflowState; readonly nowMs: number },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    "UPDATE t_ds_workflow_instance SET state = $2, update_time = $3 WHERE id = $1 AND state = ANY($4::int[])",
    [
      id,
      WORKFLOW_STATE_CODES[change.to],
      sqlTime(change.nowMs),
      change.from.map((state) => WORKFLOW_STATE_CODES[state]),
    ],
  );
  return rowCount === 1;
}

async function mootIntents(tx: SqlExecutor, id: number, nowMs: number): Promise<void> {
  await tx.query(
    `UPDATE t_ds_workflow_intent SET outcome = 'MOOT', update_time = $2
     WHERE workflow_instance_id = $1 AND outcome = 'OPEN'`,
    [id, sqlTime(nowMs)],
  );
}

/**
 * After OWN: the end. The owner stays on record; open orders have become moot; a gate and slots that it held are free.
 */
export async function finishWorkflow(
  tx: SqlExecutor,
  id: number,
  end: { readonly state: WorkflowState; readonly varPool: string | null; readonly nowMs: number },
): Promise<void> {
  await tx.query(
    `UPDATE t_ds_workflow_instance SET state = $2, end_time = $3, update_time = $3, var_pool = coalesce($4, var_pool)
     WHERE id = $1`,
    [id, WORKFLOW_STATE_CODES[end.state], sqlTime(end.nowMs), end.varPool],
  );
  await mootIntents(tx, id, end.nowMs);
  await leaveGate(tx, id, end.nowMs);
  await freeSlotsOfWorkflow(tx, id);
  await notifyParent(tx, id);
}

/** Ids and epochs of what this incarnation owns and has not finished. */
export async function selectOwnedWorkflows(
  sql: SqlExecutor,
  incarnation: string,
): Promise<readonly { readonly id: number; readonly epoch: number }[]> {
  const { rows } = await sql.query<{ id: number; epoch: number }>(
    `SELECT id, owner_epoch AS epoch FROM t_ds_workflow_instance
     WHERE owner_incarnation = $1 AND state = ANY($2::int[]) ORDER BY id`,
    [incarnation, OWNED_WORKFLOW_CODES],
  );
  return rows;
}

/** Owners of unfinished workflows that t_ds_server does not know, with the host that the rows name. */
export async function selectUnknownOwners(
  sql: SqlExecutor,
): Promise<readonly { readonly incarnation: string; readonly host: string | null }[]> {
  const { rows } = await sql.query<{ incarnation: string; host: string | null }>(
    `SELECT w.owner_incarnation AS incarnation, min(w.host) AS host FROM t_ds_workflow_instance w
     WHERE w.state = ANY($1::int[]) AND w.owner_incarnation IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM t_ds_server s WHERE s.incarnation = w.owner_incarnation)
     GROUP BY w.owner_incarnation`,
    [OWNED_WORKFLOW_CODES],
  );
  return rows;
}

/** Hosts of unfinished workflows that have no owner at all: rows of a system that knew no incarnations. */
export async function selectOwnerlessHosts(sql: SqlExecutor): Promise<readonly (string | null)[]> {
  const { rows } = await sql.query<{ host: string | null }>(
    `SELECT DISTINCT host FROM t_ds_workflow_instance WHERE state = ANY($1::int[]) AND owner_incarnation IS NULL`,
    [OWNED_WORKFLOW_CODES],
  );
  return rows.map((row) => row.host);
}

/** FAILOVER rows whose command got lost: they get a new one. Gives their ids. */
export async function repairLostCommands(tx: SqlExecutor, nowMs: number): Promise<readonly number[]> {
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version, command_param,
       workflow_instance_id, workflow_instance_priority, worker_group, start_time, update_time)
     SELECT 2, coalesce(workflow_definition_code, 0), workflow_definition_version,
       json_build_object('commandType', 'RECOVER_TOLERANCE_FAULT', 'workflowExecutionStatus', NULL)::text,
       id, workflow_instance_priority, worker_group, $1, $1
     FROM t_ds_workflow_instance w WHERE state = ${WORKFLOW_STATE_CODES.FAILOVER}
       AND NOT EXISTS (SELECT 1 FROM t_ds_command c WHERE c.workflow_instance_id = w.id)
     ON CONFLICT (workflow_instance_id) WHERE workflow_instance_id > 0 DO NOTHING
     RETURNING workflow_instance_id AS id`,
    [sqlTime(nowMs)],
  );
  return rows.map((row) => row.id);
}
