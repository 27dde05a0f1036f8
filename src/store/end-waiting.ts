import { TASK_STATE_CODES, WORKFLOW_STATE_CODES } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";
import { closeWhatIsOpen } from "./force.ts";
import { notifyParent } from "./reports.ts";
import { leaveGate, lockGateOf } from "./serial-gates.ts";

/**
 * Ends an instance that waits for its start or for its turn, in the transaction of whoever holds the lock of its row:
 * nobody has it, so nobody else would. Its command goes. The gate is the caller's: it is locked before this, and left
 * after it. Gives the new epoch.
 */
export async function endWaiting(
  tx: SqlExecutor,
  end: { readonly workflowInstanceId: number; readonly state: "STOP" | "PAUSE"; readonly nowMs: number },
): Promise<number> {
  const { workflowInstanceId, state, nowMs } = end;
  const { rows } = await tx.query<{ epoch: number }>(
    `UPDATE t_ds_workflow_instance SET state = $2, end_time = $3, update_time = $3, owner_incarnation = NULL,
       owner_epoch = owner_epoch + 1, serial_ticket = NULL, start_time = coalesce(start_time, $3)
     WHERE id = $1 RETURNING owner_epoch AS epoch`,
    [workflowInstanceId, WORKFLOW_STATE_CODES[state], sqlTime(nowMs)],
  );
  await tx.query("DELETE FROM t_ds_command WHERE workflow_instance_id = $1", [workflowInstanceId]);
  if (state === "PAUSE") {
    // What a recovery had prepared waits for the next one.
    await tx.query(
      `UPDATE t_ds_task_instance SET state = ${TASK_STATE_CODES.PAUSE} WHERE workflow_instance_id = $1 AND flag = 1
       AND state IN (${TASK_STATE_CODES.SUBMITTED_SUCCESS}, ${TASK_STATE_CODES.DELAY_EXECUTION})`,
      [workflowInstanceId],
    );
  }
  await closeWhatIsOpen(tx, workflowInstanceId, nowMs);
  await notifyParent(tx, workflowInstanceId);
  return rows[0]?.epoch ?? 0;
}

/** Locks the command of an instance, if it has one: commands are locked before workflows. */
export async function lockCommandOf(tx: SqlExecutor, workflowInstanceId: number): Promise<void> {
  await tx.query(
    "SELECT 1 FROM t_ds_command WHERE workflow_instance_id = $1 AND workflow_instance_id > 0 FOR UPDATE",
    [workflowInstanceId],
  );
}

/**
 * Carries an order out on an instance that waits, in front of its gate or for its start, and whose row this transaction
 * has locked: nobody owns it, so nobody else would. Gives the new epoch.
 */
export async function endInSerialWait(
  tx: SqlExecutor,
  end: { readonly workflowInstanceId: number; readonly state: "STOP" | "PAUSE"; readonly nowMs: number },
): Promise<number> {
  await lockGateOf(tx, end.workflowInstanceId);
  const epoch = await endWaiting(tx, end);
  await leaveGate(tx, end.workflowInstanceId, end.nowMs);
  return epoch;
}

/** Instances that wait in front of a gate and have an open order: it was stored by one who did not carry it out. */
export async function endOrderedInSerialWait(tx: SqlExecutor, nowMs: number): Promise<readonly number[]> {
  const { rows } = await tx.query<{ id: number; stop: boolean }>(
    `SELECT w.id, EXISTS (SELECT 1 FROM t_ds_workflow_intent i WHERE i.workflow_instance_id = w.id
       AND i.outcome = 'OPEN' AND i.kind = 'STOP') AS stop
     FROM t_ds_workflow_instance w WHERE w.state = ${WORKFLOW_STATE_CODES.SERIAL_WAIT}
       AND w.id IN (SELECT workflow_instance_id FROM t_ds_workflow_intent WHERE outcome = 'OPEN')
     ORDER BY w.id FOR NO KEY UPDATE OF w SKIP LOCKED`,
  );
  for (const { id, stop } of rows)
    await endInSerialWait(tx, { workflowInstanceId: id, state: stop ? "STOP" : "PAUSE", nowMs });
  return rows.map((row) => row.id);
}
