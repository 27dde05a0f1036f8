import { FINISHED_WORKFLOW_CODES, WORKFLOW_STATE_CODES } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";
import { notifyCommands } from "./reports.ts";
import { giveMissingTickets, lockGate, settleGate } from "./serial-gates.ts";

const WAITS = WORKFLOW_STATE_CODES.SERIAL_WAIT;

/**
 * Definitions whose gate does not agree with their instances: a holder that has finished or is gone, one that was
 * called in and has no command, instances that are at work or wait and are not on record, a free gate before which
 * some wait.
 */
export async function selectGatesToRepair(sql: SqlExecutor): Promise<readonly number[]> {
  const { rows } = await sql.query<{ code: number }>(
    `SELECT g.workflow_definition_code AS code FROM t_ds_serial_gate g
     LEFT JOIN t_ds_workflow_instance h ON h.id = g.holder
     WHERE g.holder IS NOT NULL AND (h.id IS NULL OR h.state = ANY($1::int[])
       OR (h.state = ${WAITS} AND NOT EXISTS (SELECT 1 FROM t_ds_command c WHERE c.workflow_instance_id = h.id)))
     UNION
     SELECT w.workflow_definition_code FROM t_ds_workflow_instance w
     JOIN t_ds_workflow_definition d ON d.code = w.workflow_definition_code
       AND d.version = w.workflow_definition_version
     LEFT JOIN t_ds_serial_gate g ON g.workflow_definition_code = w.workflow_definition_code
     WHERE d.execution_type <> 0 AND w.state IN (1, 2, 4, ${WAITS}, 18) AND w.id IS DISTINCT FROM g.holder
       AND (w.serial_ticket IS NULL OR g.holder IS NULL)
     ORDER BY 1`,
    [FINISHED_WORKFLOW_CODES],
  );
  return rows.map((row) => row.code);
}

/** Repairs one gate. Workflows are locked before the gate, as everywhere. */
export async function repairGate(tx: SqlExecutor, code: number, nowMs: number): Promise<void> {
  await tx.query(
    `SELECT 1 FROM t_ds_workflow_instance WHERE workflow_definition_code = $1 AND serial_ticket IS NULL
     AND state IN (1, 2, 4, ${WAITS}, 18) ORDER BY id FOR NO KEY UPDATE`,
    [code],
  );
  await lockGate(tx, code);
  await giveMissingTickets(tx, code);
  await settleGate(tx, code, nowMs);
}

/** Instances that wait although their definition has no gate (any more): they are called in. Gives their ids. */
export async function callInWithoutGate(tx: SqlExecutor, nowMs: number): Promise<readonly number[]> {
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version,
       workflow_instance_id, workflow_instance_priority, worker_group, start_time, update_time)
     SELECT 11, coalesce(workflow_definition_code, 0), workflow_definition_version, id, workflow_instance_priority,
       worker_group, $1, $1
     FROM t_ds_workflow_instance w WHERE state = ${WAITS}
       AND NOT EXISTS (SELECT 1 FROM t_ds_workflow_definition d WHERE d.code = w.workflow_definition_code
         AND d.version = w.workflow_definition_version AND d.execution_type <> 0)
       AND NOT EXISTS (SELECT 1 FROM t_ds_command c WHERE c.workflow_instance_id = w.id)
     ON CONFLICT (workflow_instance_id) WHERE workflow_instance_id > 0 DO NOTHING
     RETURNING workflow_instance_id AS id`,
    [sqlTime(nowMs)],
  );
  if (rows.length > 0) await notifyCommands(tx);
  return rows.map((row) => row.id);
}
