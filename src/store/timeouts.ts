import { TASK_STATE_CODES, TIMEOUT_STRATEGY_CODES, type Timeout, wordOfCode } from "../model/index.ts";
import type { SqlExecutor } from "./database.ts";
import { insertIntent } from "./intents.ts";

/** Time-outs of a workflow and of its tasks, by task code. */
export interface Timeouts {
  readonly workflow: Timeout | undefined;
  readonly tasks: ReadonlyMap<number, Timeout>;
}

interface RawTimeout {
  readonly code: number;
  readonly ms: number | null;
  readonly strategy: number | null;
}

const MINUTE_MS = 60_000;

function timeoutOf({ ms, strategy }: RawTimeout): Timeout | undefined {
  if (ms === null || ms <= 0) return undefined;
  return { ms, strategy: wordOfCode(TIMEOUT_STRATEGY_CODES, strategy ?? 0) ?? "WARN" };
}

/** The time-outs of a definition: exact where it has milliseconds, else its minutes. */
export async function selectTimeouts(
  sql: SqlExecutor,
  definition: { readonly code: number; readonly version: number },
): Promise<Timeouts> {
  const { code, version } = definition;
  const asked = sql.query<RawTimeout>(
    `SELECT code, coalesce(timeout_ms, timeout::bigint * ${MINUTE_MS}) AS ms, timeout_notify_strategy AS strategy
     FROM t_ds_workflow_definition WHERE code = $1 AND version = $2`,
    [code, version],
  );
  const [workflow, tasks] = await Promise.all([
    asked,
    sql.query<RawTimeout>(
      `SELECT DISTINCT t.code, coalesce(t.timeout_ms, t.timeout::bigint * ${MINUTE_MS}) AS ms,
       t.timeout_notify_strategy AS strategy
     FROM t_ds_workflow_task_relation r
     JOIN t_ds_task_definition t ON t.code = r.post_task_code AND t.version = r.post_task_version
     WHERE r.workflow_definition_code = $1 AND r.workflow_definition_version = $2 AND t.timeout_flag = 1`,
      [code, version],
    ),
  ]);
  const found = tasks.rows.flatMap((row) => {
    const timeout = timeoutOf(row);
    return timeout === undefined ? [] : [[row.code, timeout] as const];
  });
  const first = workflow.rows[0];
  return { workflow: first === undefined ? undefined : timeoutOf(first), tasks: new Map(found) };
}

/** Why an attempt is killed, stored before anybody is told to kill it. After OWN. False: it is over, or another one. */
export async function markKillReason(
  tx: SqlExecutor,
  taskId: number,
  mark: { readonly reason: string; readonly dispatchNo: number; readonly epoch: number },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE t_ds_task_instance SET kill_reason = $2, written_epoch = $4
     WHERE id = $1 AND flag = 1 AND dispatch_no = $3
       AND state IN (${TASK_STATE_CODES.DISPATCH}, ${TASK_STATE_CODES.RUNNING_EXECUTION})`,
    [taskId, mark.reason, mark.dispatchNo, mark.epoch],
  );
  return rowCount === 1;
}

/** A run of a workflow, by which its time-out is told from that of the next run. */
export interface RunOfWorkflow {
  readonly workflowInstanceId: number;
  readonly runTimes: number | null;
}

const requestOf = ({ workflowInstanceId, runTimes }: RunOfWorkflow): string =>
  `workflow-timeout-${workflowInstanceId}-${runTimes ?? 1}`;

/** The workflow is stopped since its time is over: an order like an operator's, carried out in this transaction. */
export async function insertTimeoutStop(
  tx: SqlExecutor,
  run: RunOfWorkflow,
  at: { readonly epoch: number; readonly nowMs: number },
): Promise<void> {
  const { workflowInstanceId } = run;
  await insertIntent(tx, { workflowInstanceId, kind: "STOP", requestId: requestOf(run), nowMs: at.nowMs });
  await tx.query("UPDATE t_ds_workflow_intent SET outcome = 'APPLIED', epoch = $2 WHERE request_id = $1", [
    requestOf(run),
    at.epoch,
  ]);
}

/** The present run was stopped by its time-out, whoever owned it then. */
export async function wasStoppedByTimeout(sql: SqlExecutor, run: RunOfWorkflow): Promise<boolean> {
  const { rowCount } = await sql.query("SELECT 1 FROM t_ds_workflow_intent WHERE request_id = $1", [
    requestOf(run),
  ]);
  return rowCount > 0;
}
