import {
  FINISHED_WORKFLOW_CODES,
  type NodeKind,
  OWNED_WORKFLOW_CODES,
  WORKFLOW_STATE_CODES,
  type WorkflowState,
  workflowStateOfCode,
} from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";
import { assertSelf } from "./servers.ts";

/** The failover of one process life: who is at it, and how far it got. */
export interface FailoverRow {
  readonly incarnation: string;
  readonly kind: NodeKind;
  readonly address: string;
  readonly phase: "FENCED" | "DONE";
  readonly rescuer: string;
  readonly token: number;
  readonly cursorId: number;
  readonly workflows: number;
  readonly tasks: number;
  readonly marked: boolean;
}

const COLUMNS = `incarnation, kind, address, phase, rescuer, token, cursor_id AS "cursorId", workflows, tasks, marked`;

export interface FenceOptions {
  readonly me: string;
  readonly target: { readonly incarnation: string; readonly kind: NodeKind; readonly address: string };
  /** The session whose end was seen: a life that has a newer one is not fenced. Undefined: whatever its session. */
  readonly sessionNo: number | undefined;
  readonly nowMs: number;
}

/** Where the rescuer of a sweep stands; every batch checks it. */
export interface SweepHold {
  readonly incarnation: string;
  readonly rescuer: string;
  readonly token: number;
}

/**
 * Fences a life and makes this incarnation its rescuer, in one transaction. Undefined when there was nothing to fence
 * any more: done by another, or the life has a newer session.
 */
export async function fenceServer(tx: SqlExecutor, options: FenceOptions): Promise<SweepHold | undefined> {
  const { me, target, sessionNo, nowMs } = options;
  await assertSelf(tx, me);
  const { rowCount } = await tx.query(
    `UPDATE t_ds_server SET state = 'FENCED', update_time = $3
     WHERE incarnation = $1 AND state IN ('JOINING', 'ALIVE') AND ($2::bigint IS NULL OR session_no = $2)`,
    [target.incarnation, sessionNo ?? null, sqlTime(nowMs)],
  );
  if (rowCount !== 1) return undefined;
  return insertFailover(tx, options);
}

/** A life that has workflows and no row in t_ds_server is dead: it gets a fenced row, so that it can be swept. */
export async function fenceUnknownServer(
  tx: SqlExecutor,
  options: FenceOptions,
): Promise<SweepHold | undefined> {
  const { me, target, nowMs } = options;
  await assertSelf(tx, me);
  const { rowCount } = await tx.query(
    `INSERT INTO t_ds_server (incarnation, kind, address, state, create_time, update_time)
     VALUES ($1, $2, $3, 'FENCED', $4, $4) ON CONFLICT (incarnation) DO NOTHING`,
    [target.incarnation, target.kind, target.address, sqlTime(nowMs)],
  );
  if (rowCount !== 1) return undefined;
  return insertFailover(tx, options);
}

async function insertFailover(tx: SqlExecutor, { me, target, nowMs }: FenceOptions): Promise<SweepHold> {
  const { rows } = await tx.query<{ token: number }>(
    `INSERT INTO t_ds_failover (incarnation, kind, address, phase, rescuer, create_time, update_time)
     VALUES ($1, $2, $3, 'FENCED', $4, $5, $5)
     ON CONFLICT (incarnation) DO UPDATE SET rescuer = EXCLUDED.rescuer, token = t_ds_failover.token + 1
     RETURNING token`,
    [target.incarnation, target.kind, target.address, me, sqlTime(nowMs)],
  );
  await insertAudit(tx, {
    step: "FENCE",
    me,
    incarnation: target.incarnation,
    why: `${target.kind} ${target.address}`,
    nowMs,
  });
  return { incarnation: target.incarnation, rescuer: me, token: rows[0]?.token ?? 1 };
}

/** Failovers that are not finished. */
export async function selectUnfinishedFailovers(sql: SqlExecutor): Promise<readonly FailoverRow[]> {
  const { rows } = await sql.query<FailoverRow>(
    `SELECT ${COLUMNS} FROM t_ds_failover WHERE phase <> 'DONE' ORDER BY create_time, incarnation`,
  );
  return rows;
}

/** Finished ones whose notice in the registry is missing: its writer died between the two. */
export async function selectUnmarkedFailovers(
  sql: SqlExecutor,
): Promise<readonly (FailoverRow & { readonly startupTime: number | null })[]> {
  const { rows } = await sql.query<FailoverRow & { startupTime: number | null }>(
    `SELECT f.incarnation, f.kind, f.address, f.phase, f.rescuer, f.token, f.cursor_id AS "cursorId", f.workflows,
            f.tasks, f.marked, s.startup_time AS "startupTime"
     FROM t_ds_failover f LEFT JOIN t_ds_server s USING (incarnation) WHERE f.phase = 'DONE' AND NOT f.marked`,
  );
  return rows;
}

/** Takes a sweep over from a rescuer that is dead or stuck. Undefined: somebody else did, or it is finished. */
export async function adoptFailover(
  tx: SqlExecutor,
  me: string,
  failover: Pick<FailoverRow, "incarnation" | "token">,
): Promise<SweepHold | undefined> {
  await assertSelf(tx, me);
  const { rows } = await tx.query<{ token: number }>(
    `UPDATE t_ds_failover SET rescuer = $1, token = token + 1, cursor_id = 0
     WHERE incarnation = $2 AND token = $3 AND phase <> 'DONE' RETURNING token`,
    [me, failover.incarnation, failover.token],
  );
  const token = rows[0]?.token;
  return token === undefined ? undefined : { incarnation: failover.incarnation, rescuer: me, token };
}

export interface SweptWorkflow {
  readonly id: number;
  readonly epoch: number;
  readonly was: WorkflowState;
}

/** Which workflows a sweep takes: those of a life, or those that never had an owner. */
export type SweepScope = { readonly ownerIncarnation: string } | "without-owner";

export interface SweepBatchOptions {
  readonly me: string;
  readonly scope: SweepScope;
  /** Only ids above. */
  readonly cursor: number;
  readonly limit: number;
  /** The last pass waits for rows that others hold; the passes before leave them behind. */
  readonly waitForLocks: boolean;
  readonly nowMs: number;
}

/** `command_param` of a failover command, for a workflow that was in this state. */
function failoverParam(stateCode: number): string {
  const workflowExecutionStatus = workflowStateOfCode(stateCode) ?? "";
  return JSON.stringify({ commandType: "RECOVER_TOLERANCE_FAULT", workflowExecutionStatus });
}

/**
 * Moves one batch to nobody: state FAILOVER, epoch + 1, a command each, audit. All in one statement, so that the rows
 * never come to this process and a batch is whole or not at all. Gives what was moved, by id.
 */
export async function sweepBatch(
  tx: SqlExecutor,
  options: SweepBatchOptions,
): Promise<readonly SweptWorkflow[]> {
  const { me, scope, cursor, limit, waitForLocks, nowMs } = options;
  const owner = scope === "without-owner" ? null : scope.ownerIncarnation;
  const { rows } = await tx.query<{ id: number; epoch: number; was: number }>(
    `WITH batch AS (
       SELECT id FROM t_ds_workflow_instance
       WHERE owner_incarnation IS NOT DISTINCT FROM $1::uuid AND state = ANY($2::int[]) AND id > $3
       ORDER BY id LIMIT $4 FOR UPDATE ${waitForLocks ? "" : "SKIP LOCKED"}
     ), moved AS (
       UPDATE t_ds_workflow_instance w
       SET state = ${WORKFLOW_STATE_CODES.FAILOVER}, pre_failover_state = w.state, owner_incarnation = NULL,
           owner_epoch = w.owner_epoch + 1, update_time = $5
       -- An array, not a join: the planner would read the whole table for each batch, to join it by hash.
       WHERE w.id = ANY (ARRAY(SELECT id FROM batch))
       RETURNING w.id, w.owner_epoch, w.pre_failover_state AS was, w.workflow_definition_code,
                 w.workflow_definition_version,
                 w.workflow_instance_priority, w.worker_group, w.tenant_code, w.environment_code, w.dry_run, w.test_flag
     ), commands AS (
       INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version, command_param,
         workflow_instance_id, workflow_instance_priority, worker_group, tenant_code, environment_code, dry_run,
         test_flag, start_time, update_time)
       SELECT 2, coalesce(workflow_definition_code, 0), workflow_definition_version,
         states.param, id, workflow_instance_priority, worker_group, tenant_code, environment_code, dry_run,
         test_flag, $5, $5
       FROM moved JOIN unnest($6::int[], $7::text[]) AS states (code, param) ON states.code = moved.was ORDER BY id
       ON CONFLICT (workflow_instance_id) WHERE workflow_instance_id > 0 DO NOTHING
     ), audit AS (
       INSERT INTO t_ds_failover_audit (step, by_incarnation, incarnation, workflow_instance_id, from_state, to_state,
         epoch, create_time)
       SELECT 'SWEEP', $8::uuid, $1::uuid, id, was, ${WORKFLOW_STATE_CODES.FAILOVER}, owner_epoch, $5 FROM moved
     )
     SELECT id, owner_epoch AS epoch, was FROM moved ORDER BY id`,
    [
      owner,
      OWNED_WORKFLOW_CODES,
      cursor,
      limit,
      sqlTime(nowMs),
      OWNED_WORKFLOW_CODES,
      OWNED_WORKFLOW_CODES.map(failoverParam),
      me,
    ],
  );
  return rows.map(({ id, epoch, was }) => ({
    id,
    epoch,
    was: workflowStateOfCode(was) ?? "RUNNING_EXECUTION",
  }));
}

/** First in each batch of a sweep: SELF, and the hold is still ours. False: somebody else took it over. */
export async function lockSweep(tx: SqlExecutor, hold: SweepHold): Promise<boolean> {
  await assertSelf(tx, hold.rescuer);
  const { rowCount } = await tx.query(
    "SELECT 1 FROM t_ds_failover WHERE incarnation = $1 AND rescuer = $2 AND token = $3 AND phase <> 'DONE' FOR UPDATE",
    [hold.incarnation, hold.rescuer, hold.token],
  );
  return rowCount === 1;
}

/** Notes how far the sweep got, in the transaction of the batch. */
export async function advanceSweep(
  tx: SqlExecutor,
  hold: SweepHold,
  progress: { readonly cursor: number; readonly workflows: number; readonly nowMs: number },
): Promise<void> {
  await tx.query(
    "UPDATE t_ds_failover SET cursor_id = $2, workflows = workflows + $3, update_time = $4 WHERE incarnation = $1",
    [hold.incarnation, progress.cursor, progress.workflows, sqlTime(progress.nowMs)],
  );
}

/**
 * The one row that a batch of one would take now, locked: it is the one that makes that batch fail. Undefined: there is
 * none any more.
 */
export async function lockNextOfSweep(
  tx: SqlExecutor,
  options: Pick<SweepBatchOptions, "scope" | "cursor" | "waitForLocks">,
): Promise<number | undefined> {
  const { scope, cursor, waitForLocks } = options;
  const { rows } = await tx.query<{ id: number }>(
    `SELECT id FROM t_ds_workflow_instance
     WHERE owner_incarnation IS NOT DISTINCT FROM $1::uuid AND state = ANY($2::int[]) AND id > $3
     ORDER BY id LIMIT 1 FOR UPDATE ${waitForLocks ? "" : "SKIP LOCKED"}`,
    [scope === "without-owner" ? null : scope.ownerIncarnation, OWNED_WORKFLOW_CODES, cursor],
  );
  return rows[0]?.id;
}

/** How many attempts are still with this worker life. */
export async function countLiveAttemptsOf(sql: SqlExecutor, workerIncarnation: string): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    `SELECT count(*) AS count FROM t_ds_task_instance t JOIN t_ds_workflow_instance w ON w.id = t.workflow_instance_id
     WHERE t.worker_incarnation = $1 AND t.flag = 1 AND t.state IN (1, 17) AND NOT w.state = ANY($2::int[])`,
    [workerIncarnation, FINISHED_WORKFLOW_CODES],
  );
  return rows[0]?.count ?? 0;
}

/** Nothing is left: phase DONE. The alert goes into the same transaction. False: not ours any more. */
export async function finishFailover(
  tx: SqlExecutor,
  hold: SweepHold,
  nowMs: number,
): Promise<FailoverRow | undefined> {
  if (!(await lockSweep(tx, hold))) return undefined;
  const { rows } = await tx.query<FailoverRow>(
    `UPDATE t_ds_failover SET phase = 'DONE', update_time = $2,
       tasks = (SELECT count(*) FROM t_ds_failover_audit WHERE step = 'CLONE' AND incarnation = $1)
     WHERE incarnation = $1 RETURNING ${COLUMNS}`,
    [hold.incarnation, sqlTime(nowMs)],
  );
  await insertAudit(tx, { step: "DONE", me: hold.rescuer, incarnation: hold.incarnation, nowMs });
  return rows[0];
}

/** The notice stands in the registry. False: that was noted already. */
export async function setMarked(sql: SqlExecutor, incarnation: string): Promise<boolean> {
  const { rowCount } = await sql.query(
    "UPDATE t_ds_failover SET marked = true WHERE incarnation = $1 AND NOT marked",
    [incarnation],
  );
  return rowCount === 1;
}

export interface AuditEntry {
  readonly step: string;
  readonly me: string;
  readonly incarnation?: string | null;
  readonly workflowInstanceId?: number;
  readonly taskInstanceId?: number;
  readonly epoch?: number;
  readonly why?: string;
  readonly nowMs: number;
}

/** One line of the record of failovers, in the transaction of the step that it tells of. */
export async function insertAudit(tx: SqlExecutor, entry: AuditEntry): Promise<void> {
  await tx.query(
    `INSERT INTO t_ds_failover_audit (step, by_incarnation, incarnation, workflow_instance_id, task_instance_id, epoch,
       why, create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      entry.step,
      entry.me,
      entry.incarnation ?? null,
      entry.workflowInstanceId ?? null,
      entry.taskInstanceId ?? null,
      entry.epoch ?? null,
      entry.why ?? null,
      sqlTime(entry.nowMs),
    ],
  );
}

/**
 * A line of the record for each workflow that was claimed to go on after a failover, in the
 * transaction of the claim.
 */
export async function insertClaimAudit(
  tx: SqlExecutor,
  claim: {
    readonly me: string;
    readonly rescued: readonly { readonly workflowInstanceId: number; readonly epoch: number }[];
    readonly nowMs: number;
  },
): Promise<void> {
  const { me, rescued, nowMs } = claim;
  if (rescued.length === 0) return;
  await tx.query(
    `INSERT INTO t_ds_failover_audit (step, by_incarnation, workflow_instance_id, epoch, create_time)
     SELECT 'CLAIM', $1::uuid, claimed.workflow, claimed.epoch, $2
     FROM unnest($3::int[], $4::bigint[]) AS claimed (workflow, epoch)`,
    [
      me,
      sqlTime(nowMs),
      rescued.map(({ workflowInstanceId }) => workflowInstanceId),
      rescued.map(({ epoch }) => epoch),
    ],
  );
}
