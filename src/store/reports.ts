import { TASK_STATE_CODES } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";

/** A worker's report in the inbox. */
export interface ReportRow {
  readonly taskInstanceId: number;
  readonly dispatchNo: number;
  readonly seq: number;
  readonly kind: string;
  /** JSON of the report's body. */
  readonly payload: string;
}

export interface NewReport extends ReportRow {
  readonly workerIncarnation: string;
  readonly nowMs: number;
}

/**
 * Stores a report if its delivery is still wanted; committed before it is acknowledged. Gives the workflow's owner at
 * that time, or undefined when the report is obsolete.
 */
export async function storeReport(
  tx: SqlExecutor,
  report: NewReport,
): Promise<{ readonly workflowInstanceId: number } | undefined> {
  const { rows } = await tx.query<{ workflowInstanceId: number }>(
    `SELECT workflow_instance_id AS "workflowInstanceId" FROM t_ds_task_instance
     WHERE id = $1 AND flag = 1 AND dispatch_no = $2 AND worker_incarnation = $3
       AND state IN (${TASK_STATE_CODES.DISPATCH}, ${TASK_STATE_CODES.RUNNING_EXECUTION}) FOR SHARE`,
    [report.taskInstanceId, report.dispatchNo, report.workerIncarnation],
  );
  if (rows[0] === undefined) return undefined;
  await tx.query(
    `INSERT INTO t_ds_task_report (task_instance_id, dispatch_no, seq, kind, payload, create_time)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [
      report.taskInstanceId,
      report.dispatchNo,
      report.seq,
      report.kind,
      report.payload,
      sqlTime(report.nowMs),
    ],
  );
  await notifyWorkflow(tx, rows[0].workflowInstanceId);
  return rows[0];
}

/** Reports of a workflow's valid live attempts that were not applied, in the order to apply them. */
export async function selectOpenReports(
  sql: SqlExecutor,
  workflowInstanceId: number,
): Promise<readonly ReportRow[]> {
  const { rows } = await sql.query<ReportRow>(
    `SELECT r.task_instance_id AS "taskInstanceId", r.dispatch_no AS "dispatchNo", r.seq, r.kind, r.payload
     FROM t_ds_task_report r JOIN t_ds_task_instance t ON t.id = r.task_instance_id
     WHERE t.workflow_instance_id = $1 AND t.flag = 1 AND r.dispatch_no = t.dispatch_no AND NOT r.applied
     ORDER BY r.task_instance_id, r.dispatch_no, r.seq`,
    [workflowInstanceId],
  );
  return rows;
}

/**
 * LOOK: locks an attempt in one statement and looks into the inbox in the next, whose snapshot is newer. True when the
 * end of that delivery was reported and not applied yet. After OWN.
 */
export async function lockAndLook(
  tx: SqlExecutor,
  taskInstanceId: number,
  dispatchNo: number,
): Promise<boolean> {
  await tx.query("SELECT 1 FROM t_ds_task_instance WHERE id = $1 FOR UPDATE", [taskInstanceId]);
  const { rowCount } = await tx.query(
    `SELECT 1 FROM t_ds_task_report
     WHERE task_instance_id = $1 AND dispatch_no = $2 AND kind = 'FINISHED' AND NOT applied`,
    [taskInstanceId, dispatchNo],
  );
  return rowCount > 0;
}

/** In the transaction that applied it. */
export async function markReportApplied(tx: SqlExecutor, report: ReportRow): Promise<void> {
  await tx.query(
    "UPDATE t_ds_task_report SET applied = true WHERE task_instance_id = $1 AND dispatch_no = $2 AND seq = $3",
    [report.taskInstanceId, report.dispatchNo, report.seq],
  );
}

/** Workflows of this owner with something in the inbox or an open order: what a missed hint left behind. */
export async function selectWorkflowsWithNews(
  sql: SqlExecutor,
  ownerIncarnation: string,
): Promise<readonly number[]> {
  const { rows } = await sql.query<{ id: number }>(
    `SELECT w.id FROM t_ds_workflow_instance w WHERE w.owner_incarnation = $1 AND w.state IN (1, 2, 4) AND (
       EXISTS (SELECT 1 FROM t_ds_workflow_intent i WHERE i.workflow_instance_id = w.id AND i.outcome = 'OPEN')
       OR EXISTS (SELECT 1 FROM t_ds_task_instance t JOIN t_ds_task_report r ON r.task_instance_id = t.id
         WHERE t.workflow_instance_id = w.id AND t.flag = 1 AND r.dispatch_no = t.dispatch_no AND NOT r.applied))`,
    [ownerIncarnation],
  );
  return rows.map((row) => row.id);
}

/** Channels of the hints. */
export const WORKFLOW_CHANNEL = "failover_workflow";
export const COMMAND_CHANNEL = "failover_command";

/** Hint: something came for the owner of this workflow. Heard when the transaction commits. */
export async function notifyWorkflow(tx: SqlExecutor, workflowInstanceId: number): Promise<void> {
  await tx.query("SELECT pg_notify($1, $2)", [WORKFLOW_CHANNEL, String(workflowInstanceId)]);
}

/** Hint: the sub-workflow has ended, which its parent waits for. */
export async function notifyParent(tx: SqlExecutor, workflowInstanceId: number): Promise<void> {
  await tx.query(
    `SELECT pg_notify($1, parent_workflow_instance_id::text) FROM t_ds_relation_workflow_instance
     WHERE workflow_instance_id = $2`,
    [WORKFLOW_CHANNEL, workflowInstanceId],
  );
}

/** Hint: there are commands. */
export async function notifyCommands(tx: SqlExecutor): Promise<void> {
  await tx.query("SELECT pg_notify($1, '')", [COMMAND_CHANNEL]);
}
