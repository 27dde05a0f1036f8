import { type SqlExecutor, sqlTime } from "./database.ts";

export type IntentKind = "STOP" | "PAUSE";

/** An operator's order, stored before it is acknowledged. */
export interface IntentRow {
  readonly id: number;
  readonly workflowInstanceId: number;
  readonly kind: IntentKind;
}

/** Stores an order. The same request twice is one order. */
export async function insertIntent(
  tx: SqlExecutor,
  intent: {
    readonly workflowInstanceId: number;
    readonly kind: IntentKind;
    readonly requestId: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await tx.query(
    `INSERT INTO t_ds_workflow_intent (workflow_instance_id, kind, request_id, create_time) VALUES ($1, $2, $3, $4)
     ON CONFLICT (request_id) DO NOTHING`,
    [intent.workflowInstanceId, intent.kind, intent.requestId, sqlTime(intent.nowMs)],
  );
}

/** Open orders of these workflows, oldest first. */
export async function selectOpenIntents(
  sql: SqlExecutor,
  workflowInstanceIds: readonly number[],
): Promise<readonly IntentRow[]> {
  const { rows } = await sql.query<IntentRow>(
    `SELECT id, workflow_instance_id AS "workflowInstanceId", kind FROM t_ds_workflow_intent
     WHERE workflow_instance_id = ANY($1::int[]) AND outcome = 'OPEN' ORDER BY id`,
    [workflowInstanceIds],
  );
  return rows;
}

/** Closes orders, in the transaction that carried them out (APPLIED) or found them needless (MOOT). */
export async function closeIntents(
  tx: SqlExecutor,
  ids: readonly number[],
  close: { readonly outcome: "APPLIED" | "MOOT"; readonly epoch: number; readonly nowMs: number },
): Promise<void> {
  if (ids.length === 0) return;
  await tx.query(
    `UPDATE t_ds_workflow_intent SET outcome = $2, epoch = $3, update_time = $4
     WHERE id = ANY($1::int[]) AND outcome = 'OPEN'`,
    [ids, close.outcome, close.epoch, sqlTime(close.nowMs)],
  );
}

/** Whether this request was answered before: a repetition is answered alike. */
export async function isKnownRequest(sql: SqlExecutor, requestId: string): Promise<number | undefined> {
  const { rows } = await sql.query<{ id: number }>(
    `SELECT workflow_instance_id AS id FROM t_ds_workflow_intent WHERE request_id = $1
     UNION ALL SELECT workflow_instance_id FROM t_ds_command WHERE request_id = $1`,
    [requestId],
  );
  return rows[0]?.id;
}
