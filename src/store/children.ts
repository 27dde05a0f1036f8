import {
  type ChildView,
  FINISHED_WORKFLOW_CODES,
  isWorkflowFinished,
  TASK_DEPEND_TYPE_CODES,
  TASK_STATE_CODES,
  UNFINISHED_TASK_CODES,
  WORKFLOW_STATE_CODES,
  type WorkflowState,
  workflowStateOfCode,
} from "../model/index.ts";
import { DamagedRowError, type SqlExecutor, sqlTime } from "./database.ts";
import { type IntentKind, insertIntent } from "./intents.ts";
import { notifyCommands, notifyParent, notifyWorkflow } from "./reports.ts";
import { leaveGate, lockGateOf } from "./serial-gates.ts";
import { lockWorkflows } from "./workflows.ts";

/**
 * The child of a row of t_ds_task_instance. DolphinScheduler writes it into app_link, which is all that its own rows
 * have.
 */
export const CHILD_ID = `CASE WHEN task_type = 'SUB_WORKFLOW' THEN coalesce(sub_workflow_instance_id,
  substring(app_link from '"subWorkflowInstanceId"\\s*:\\s*(\\d{1,9})')::int) END`;

export interface ChildRow extends ChildView {
  readonly id: number;
  readonly epoch: number;
}

/** A sub-workflow as it stands, at one instant. Undefined: it is gone. Throws DamagedRowError. */
export async function selectChild(sql: SqlExecutor, id: number): Promise<ChildRow | undefined> {
  const { rows } = await sql.query<Omit<ChildRow, "state"> & { readonly state: number }>(
    `SELECT w.id, w.state, w.owner_incarnation IS NOT NULL AS owned, w.owner_epoch AS epoch,
       EXISTS (SELECT 1 FROM t_ds_command c WHERE c.workflow_instance_id = w.id) AS commanded,
       ARRAY(SELECT i.kind::text FROM t_ds_workflow_intent i
         WHERE i.workflow_instance_id = w.id AND i.outcome = 'OPEN') AS orders
     FROM t_ds_workflow_instance w WHERE w.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const state = workflowStateOfCode(row.state);
  if (state === undefined)
    throw new DamagedRowError(`sub-workflow ${id} has state ${row.state}, which is none`);
  return { ...row, state };
}

/** Locks a child, for a change that depends on what it is; look at it in the next statement. */
export async function lockChild(tx: SqlExecutor, id: number): Promise<void> {
  await lockWorkflows(tx, [id]);
}

/** A definition that a SUB_WORKFLOW task names, in its newest version. */
export interface ChildDefinition {
  readonly code: number;
  readonly version: number;
  readonly name: string | null;
  readonly globalParams: string | null;
}

export async function selectChildDefinition(
  sql: SqlExecutor,
  code: number,
): Promise<ChildDefinition | undefined> {
  const { rows } = await sql.query<ChildDefinition>(
    `SELECT code, version, name, global_params AS "globalParams" FROM t_ds_workflow_definition
     WHERE code = $1 ORDER BY version DESC LIMIT 1`,
    [code],
  );
  return rows[0];
}

/** A workflow, its parent, its parent's parent and so on, from the innermost to the outermost. */
export async function selectLineage(
  sql: SqlExecutor,
  workflowInstanceId: number,
): Promise<readonly { readonly id: number; readonly definitionCode: number }[]> {
  const { rows } = await sql.query<{ id: number; definitionCode: number }>(
    // UNION drops what was seen: rows that go in a circle end it.
    `WITH RECURSIVE line AS (
       SELECT $1::int AS id UNION
       SELECT r.parent_workflow_instance_id FROM line JOIN t_ds_relation_workflow_instance r
         ON r.workflow_instance_id = line.id
     ) SELECT w.id, w.workflow_definition_code AS "definitionCode"
     FROM line JOIN t_ds_workflow_instance w ON w.id = line.id ORDER BY w.id DESC`,
    [workflowInstanceId],
  );
  return rows;
}

export interface NewChild {
  readonly parentId: number;
  readonly attemptId: number;
  readonly definition: ChildDefinition;
  readonly globalParams: string;
  readonly commandParam: string;
  readonly nowMs: number;
}

/**
 * A child with its START command, its relation to the parent, and its id in the attempt: all or nothing, after OWN of
 * the parent. What it does not have of its own it inherits: priority, worker group, alert group, dry run and the
 * like. Throws DamagedRowError when the attempt has a child already.
 */
export async function insertChild(tx: SqlExecutor, child: NewChild): Promise<number> {
  const { parentId, attemptId, definition, nowMs } = child;
  const at = sqlTime(nowMs);
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO t_ds_workflow_instance (name, workflow_definition_code, workflow_definition_version, project_code,
       state, start_time, restart_time, run_times, command_type, command_param, task_depend_type, failure_strategy,
       warning_type, warning_group_id, schedule_time, global_params, is_sub_workflow, executor_id, executor_name,
       workflow_instance_priority, worker_group, environment_code, timeout, tenant_code, dry_run, test_flag)
     SELECT d.name || '-' || to_char($3::timestamp, 'YYYYMMDDHH24MISSMS'), d.code, d.version, d.project_code,
       ${WORKFLOW_STATE_CODES.SUBMITTED_SUCCESS}, $3, $3, 1, 0, $4, ${TASK_DEPEND_TYPE_CODES.TASK_POST},
       p.failure_strategy, p.warning_type, p.warning_group_id, p.schedule_time, $5, 1, p.executor_id, p.executor_name,
       p.workflow_instance_priority, p.worker_group, p.environment_code, d.timeout, p.tenant_code, p.dry_run,
       p.test_flag
     FROM t_ds_workflow_instance p, t_ds_workflow_definition d
     WHERE p.id = $1 AND d.code = $2 AND d.version = $6 RETURNING id`,
    [parentId, definition.code, at, child.commandParam, child.globalParams, definition.version],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new DamagedRowError(`definition ${definition.code} is gone`);
  await tx.query(
    `INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version, command_param,
       task_depend_type, failure_strategy, warning_type, warning_group_id, executor_id, workflow_instance_id,
       workflow_instance_priority, worker_group, tenant_code, environment_code, dry_run, test_flag, start_time,
       update_time)
     SELECT 0, workflow_definition_code, workflow_definition_version, command_param, task_depend_type,
       failure_strategy, warning_type, warning_group_id, executor_id, id, workflow_instance_priority, worker_group,
       tenant_code, environment_code, dry_run, test_flag, $2, $2 FROM t_ds_workflow_instance WHERE id = $1`,
    [id, at],
  );
  const { rowCount } = await tx.query(
    `UPDATE t_ds_task_instance SET sub_workflow_instance_id = $2, app_link = $3
     WHERE id = $1 AND sub_workflow_instance_id IS NULL`,
    [attemptId, id, JSON.stringify({ subWorkflowInstanceId: id })],
  );
  if (rowCount !== 1) throw new DamagedRowError(`attempt ${attemptId} has a sub-workflow already`);
  await relate(tx, { parentId, attemptId, childId: id });
  await notifyCommands(tx);
  return id;
}

/** The relation of a child names the attempt that stands for it now. */
async function relate(
  tx: SqlExecutor,
  { parentId, attemptId, childId }: { parentId: number; attemptId: number; childId: number },
): Promise<void> {
  const { rowCount } = await tx.query(
    `UPDATE t_ds_relation_workflow_instance SET parent_task_instance_id = $2
     WHERE parent_workflow_instance_id = $1 AND workflow_instance_id = $3`,
    [parentId, attemptId, childId],
  );
  if (rowCount > 0) return;
  await tx.query(
    `INSERT INTO t_ds_relation_workflow_instance (parent_workflow_instance_id, parent_task_instance_id,
       workflow_instance_id) VALUES ($1, $2, $3)`,
    [parentId, attemptId, childId],
  );
}

/** An attempt goes on with a child that is there: also with one that only app_link names. After OWN. */
export async function adoptChild(
  tx: SqlExecutor,
  adoption: { readonly parentId: number; readonly attemptId: number; readonly childId: number },
): Promise<void> {
  await tx.query("UPDATE t_ds_task_instance SET sub_workflow_instance_id = $2 WHERE id = $1", [
    adoption.attemptId,
    adoption.childId,
  ]);
  await relate(tx, adoption);
}

/** The attempt gives up a child that nobody will ever start: that one ends here, and another one can take its place. */
export async function abandonChild(
  tx: SqlExecutor,
  { attemptId, childId, nowMs }: { attemptId: number; childId: number; nowMs: number },
): Promise<void> {
  await endUnstarted(tx, childId, nowMs);
  await tx.query(
    "UPDATE t_ds_task_instance SET sub_workflow_instance_id = NULL, app_link = NULL WHERE id = $1",
    [attemptId],
  );
}

const UNSTARTED: ReadonlySet<WorkflowState> = new Set(["SUBMITTED_SUCCESS", "SERIAL_WAIT", "WAIT_TO_RUN"]);

/** STOP for a workflow that nobody has begun: with its command, its attempts, its orders and its place at a gate. */
async function endUnstarted(tx: SqlExecutor, id: number, nowMs: number): Promise<void> {
  const at = sqlTime(nowMs);
  await lockGateOf(tx, id);
  await tx.query(
    `UPDATE t_ds_workflow_instance SET state = $2, end_time = $3, update_time = $3, owner_epoch = owner_epoch + 1
     WHERE id = $1 AND NOT state = ANY($4::int[])`,
    [id, WORKFLOW_STATE_CODES.STOP, at, FINISHED_WORKFLOW_CODES],
  );
  await tx.query("DELETE FROM t_ds_command WHERE workflow_instance_id = $1", [id]);
  await tx.query(
    `UPDATE t_ds_task_instance SET state = ${TASK_STATE_CODES.KILL}, end_time = $2
     WHERE workflow_instance_id = $1 AND flag = 1 AND state = ANY($3::int[])`,
    [id, at, UNFINISHED_TASK_CODES],
  );
  await tx.query(
    `UPDATE t_ds_workflow_intent SET outcome = 'MOOT', update_time = $2
     WHERE workflow_instance_id = $1 AND outcome = 'OPEN'`,
    [id, at],
  );
  await leaveGate(tx, id, nowMs);
  await notifyParent(tx, id);
}

/**
 * Stores the order of a parent for its child, as an operator's would be; a child that has not begun is stopped here.
 * After OWN of the parent. The epoch in the key makes it one order per owner of the child: each of them hears it.
 */
export async function orderChild(
  tx: SqlExecutor,
  order: { readonly childId: number; readonly kind: IntentKind; readonly by: string; readonly nowMs: number },
): Promise<void> {
  const { childId, kind, nowMs } = order;
  const child = (await lockWorkflows(tx, [childId])).get(childId);
  if (child === undefined || isWorkflowFinished(child.state)) return;
  if (kind === "STOP" && UNSTARTED.has(child.state) && child.ownerIncarnation === null) {
    return endUnstarted(tx, childId, nowMs);
  }
  const requestId = `${order.by}:${kind}:${childId}:${child.ownerEpoch}`;
  await insertIntent(tx, { workflowInstanceId: childId, kind, requestId, nowMs });
  await notifyWorkflow(tx, childId);
}

/** A workflow ends by force: its sub-workflows are stopped, since nobody waits for them any more. */
export async function stopChildren(tx: SqlExecutor, parentId: number, nowMs: number): Promise<void> {
  const { rows } = await tx.query<{ id: number }>(
    `SELECT DISTINCT ${CHILD_ID} AS id FROM t_ds_task_instance
     WHERE workflow_instance_id = $1 AND flag = 1 AND state = ANY($2::int[]) AND ${CHILD_ID} IS NOT NULL ORDER BY 1`,
    [parentId, UNFINISHED_TASK_CODES],
  );
  for (const { id: childId } of rows)
    await orderChild(tx, { childId, kind: "STOP", by: `forced-${parentId}`, nowMs });
}

/**
 * The recovery of a parent recovers the children of its revived attempts too, in the same transaction: a command for
 * each that has ended without success. (One that is done stays done; one that still runs goes on.)
 */
export async function recoverChildren(
  tx: SqlExecutor,
  parentIds: readonly number[],
  nowMs: number,
): Promise<void> {
  const { rows } = await tx.query<{ id: number }>(
    `SELECT DISTINCT ${CHILD_ID} AS id FROM t_ds_task_instance
     WHERE workflow_instance_id = ANY($1::int[]) AND flag = 1
       AND state = ${TASK_STATE_CODES.SUBMITTED_SUCCESS} AND ${CHILD_ID} IS NOT NULL`,
    [parentIds],
  );
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return;
  // Locked first: whether a child has ended is looked at in the next statement.
  await lockWorkflows(tx, ids);
  const { PAUSE, STOP, FAILURE } = WORKFLOW_STATE_CODES;
  await tx.query(
    `INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version, command_param,
       task_depend_type, workflow_instance_id, workflow_instance_priority, worker_group, dry_run, start_time,
       update_time)
     SELECT CASE WHEN state = ${FAILURE} THEN 4 ELSE 3 END, workflow_definition_code, workflow_definition_version,
       command_param, task_depend_type, id, workflow_instance_priority, worker_group, dry_run, $2, $2
     FROM t_ds_workflow_instance WHERE id = ANY($1::int[]) AND state IN (${PAUSE}, ${STOP}, ${FAILURE}) ORDER BY id
     ON CONFLICT (workflow_instance_id) WHERE workflow_instance_id > 0 DO NOTHING`,
    [ids, sqlTime(nowMs)],
  );
  await notifyCommands(tx);
}

/** What the tasks of a child gave out, the lists in the order of their ends. */
export async function selectChildPools(sql: SqlExecutor, childId: number): Promise<readonly string[]> {
  const { rows } = await sql.query<{ varPool: string }>(
    `SELECT var_pool AS "varPool" FROM t_ds_task_instance WHERE workflow_instance_id = $1 AND flag = 1
     AND state IN (${TASK_STATE_CODES.SUCCESS}, ${TASK_STATE_CODES.FORCED_SUCCESS}) AND var_pool IS NOT NULL
     ORDER BY end_time NULLS FIRST, id`,
    [childId],
  );
  return rows.map((row) => row.varPool);
}
