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

/** What is known of a request by its id. */
export type KnownRequest =
  | { readonly kind: "new" }
  /** The id belongs to a request that asked for something else. */
  | { readonly kind: "other" }
  /** It was accepted, about this workflow instance. */
  | { readonly kind: "accepted"; readonly workflowInstanceId: number }
  /** It was refused; the answer as it was stored. */
  | { readonly kind: "refused"; readonly refusal: string };

/**
 * First in the transaction of a request: a second one with the same id waits here until the first has ended, and is
 * answered alike. `hash` names what is asked; without one nobody compares.
 */
export async function openRequest(
  tx: SqlExecutor,
  requestId: string,
  nowMs: number,
  hash: string | null = null,
): Promise<KnownRequest> {
  const { rowCount } = await tx.query(
    `INSERT INTO t_ds_operator_request (request_id, create_time, request_hash) VALUES ($1, $2, $3)
     ON CONFLICT (request_id) DO NOTHING`,
    [requestId, sqlTime(nowMs), hash],
  );
  if (rowCount === 1) return { kind: "new" };
  const { rows } = await tx.query<{ id: number | null; hash: string | null; refusal: string | null }>(
    `SELECT workflow_instance_id AS id, request_hash AS hash, refusal FROM t_ds_operator_request
     WHERE request_id = $1`,
    [requestId],
  );
  const known = rows[0]?.hash ?? null;
  if (known !== null && hash !== null && known !== hash) return { kind: "other" };
  const refusal = rows[0]?.refusal ?? null;
  return refusal === null
    ? { kind: "accepted", workflowInstanceId: rows[0]?.id ?? 0 }
    : { kind: "refused", refusal };
}

/** Last in it: accepted, and about this workflow instance. */
export async function closeRequest(
  tx: SqlExecutor,
  requestId: string,
  workflowInstanceId: number,
): Promise<void> {
  await tx.query("UPDATE t_ds_operator_request SET workflow_instance_id = $2 WHERE request_id = $1", [
    requestId,
    workflowInstanceId,
  ]);
}

/** Last in it: refused. No is an answer too: a copy of the request that arrives later gets the same one. */
export async function refuseRequest(tx: SqlExecutor, requestId: string, refusal: string): Promise<void> {
  await tx.query("UPDATE t_ds_operator_request SET refusal = $2 WHERE request_id = $1", [requestId, refusal]);
}
