import { TASK_STATE_CODES, UNFINISHED_TASK_CODES, WORKFLOW_STATE_CODES } from "../model/index.ts";
import { insertAlert } from "./alerts.ts";
import { stopChildren } from "./children.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";
import { insertAudit } from "./failovers.ts";
import { notifyParent } from "./reports.ts";
import { leaveGate } from "./serial-gates.ts";
import { freeSlotsOfWorkflow } from "./task-slots.ts";

/** Why a workflow is ended in FAILURE although nobody wanted it. */
export interface ForcedEnd {
  readonly workflowInstanceId: number;
  readonly me: string;
  /** Word for the audit: GIVE_UP, or POISON for a row that its failover cannot move. */
  readonly step: "GIVE_UP" | "POISON";
  readonly why: string;
  readonly nowMs: number;
}

/**
 * Ends a workflow that cannot go on, in the transaction of whoever holds the lock of its row: FAILURE, and nobody's.
 * Its attempts that are not over are KILL, since nobody will carry them on; what one of them still reports is
 * obsolete, which ends it. Its open orders are moot. The reason goes into the audit and an alert: nothing ends in
 * silence. Gives the id of the alert.
 */
export async function endByForce(tx: SqlExecutor, end: ForcedEnd): Promise<number | undefined> {
  const { workflowInstanceId, nowMs } = end;
  const { rows } = await tx.query<{ epoch: number }>(
    // The highest epoch stays: an absurd number in the row must not keep it from being set aside.
    `UPDATE t_ds_workflow_instance SET state = ${WORKFLOW_STATE_CODES.FAILURE}, end_time = $2, update_time = $2,
       owner_incarnation = NULL, owner_epoch = LEAST(owner_epoch, 9223372036854775806) + 1
     WHERE id = $1 RETURNING owner_epoch AS epoch`,
    [workflowInstanceId, sqlTime(nowMs)],
  );
  await leaveGate(tx, workflowInstanceId, nowMs);
  await closeWhatIsOpen(tx, workflowInstanceId, nowMs);
  await notifyParent(tx, workflowInstanceId);
  await insertAudit(tx, end);
  return insertGivenUp(tx, { ...end, epoch: rows[0]?.epoch ?? 0 });
}

/** Attempts that are not over, and orders that were not carried out, of a workflow that ends by force. */
export async function closeWhatIsOpen(
  tx: SqlExecutor,
  workflowInstanceId: number,
  nowMs: number,
): Promise<void> {
  await stopChildren(tx, workflowInstanceId, nowMs);
  await tx.query(
    `UPDATE t_ds_task_instance SET state = ${TASK_STATE_CODES.KILL}, end_time = $2
     WHERE workflow_instance_id = $1 AND flag = 1 AND state = ANY($3::int[])`,
    [workflowInstanceId, sqlTime(nowMs), UNFINISHED_TASK_CODES],
  );
  await tx.query(
    `UPDATE t_ds_workflow_intent SET outcome = 'MOOT', update_time = $2
     WHERE workflow_instance_id = $1 AND outcome = 'OPEN'`,
    [workflowInstanceId, sqlTime(nowMs)],
  );
  await freeSlotsOfWorkflow(tx, workflowInstanceId);
}

/** The alert of such an end. */
export function insertGivenUp(
  tx: SqlExecutor,
  end: Pick<ForcedEnd, "workflowInstanceId" | "why" | "nowMs"> & { readonly epoch: number },
): Promise<number | undefined> {
  const { workflowInstanceId, why, nowMs, epoch } = end;
  return insertAlert(tx, {
    title: `Workflow instance ${workflowInstanceId} cannot go on`,
    content: JSON.stringify([{ type: "WORKFLOW", workflowInstanceId, event: "GIVEN_UP", reason: why }]),
    type: "PROCESS_INSTANCE_FAILURE",
    dedupeKey: `give-up:${workflowInstanceId}:${epoch}`,
    workflowInstanceId,
    nowMs,
  });
}
