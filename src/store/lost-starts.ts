import { COMMAND_TYPE_CODES, WORKFLOW_STATE_CODES } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";
import { endByForce } from "./force.ts";
import { notifyCommands } from "./reports.ts";
import { assertSelf } from "./servers.ts";

const LOST = `w.state = ${WORKFLOW_STATE_CODES.SUBMITTED_SUCCESS} AND w.owner_incarnation IS NULL
  AND NOT EXISTS (SELECT 1 FROM t_ds_command c WHERE c.workflow_instance_id = w.id)`;

/**
 * Workflows that wait for a command that is not there. One snapshot: a start and a claim write both in one transaction,
 * so neither looks like this. (Another program may insert the command later than the instance: give it time.)
 */
export async function selectLostStarts(sql: SqlExecutor, limit: number): Promise<readonly number[]> {
  const { rows } = await sql.query<{ id: number }>(
    `SELECT w.id FROM t_ds_workflow_instance w WHERE ${LOST} ORDER BY w.id LIMIT $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/** "restarted", or why the workflow was ended. */
export type RepairedStart =
  | { readonly kind: "restarted" }
  | { readonly kind: "ended"; readonly why: string }
  | { readonly kind: "needless" };

/**
 * Gives one of them a new start command with the parameters in its row; one whose command was set aside ends in FAILURE
 * with that reason. The row is locked first and looked at again in the next statement (LOOK).
 */
export async function repairLostStart(
  tx: SqlExecutor,
  repair: { readonly workflowInstanceId: number; readonly me: string; readonly nowMs: number },
): Promise<RepairedStart> {
  const { workflowInstanceId: id, nowMs } = repair;
  await assertSelf(tx, repair.me);
  await tx.query("SELECT 1 FROM t_ds_workflow_instance WHERE id = $1 FOR UPDATE", [id]);
  const still = await tx.query(`SELECT 1 FROM t_ds_workflow_instance w WHERE w.id = $1 AND ${LOST}`, [id]);
  if (still.rowCount === 0) return { kind: "needless" };
  const aside = await tx.query<{ message: string | null }>(
    "SELECT message FROM t_ds_error_command WHERE workflow_instance_id = $1 ORDER BY id DESC LIMIT 1",
    [id],
  );
  if (aside.rows[0] !== undefined) {
    const why = `its command was set aside: ${aside.rows[0].message ?? "no reason was given"}`;
    await endByForce(tx, { ...repair, step: "GIVE_UP", why });
    return { kind: "ended", why };
  }
  const { START_PROCESS, START_CURRENT_TASK_PROCESS, COMPLEMENT_DATA, SCHEDULER } = COMMAND_TYPE_CODES;
  await tx.query(
    `INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version, command_param,
       task_depend_type, failure_strategy, schedule_time, workflow_instance_id, workflow_instance_priority,
       worker_group, dry_run, start_time, update_time)
     SELECT CASE WHEN command_type = ANY($3::int[]) THEN command_type ELSE ${START_PROCESS} END,
       coalesce(workflow_definition_code, 0), workflow_definition_version, command_param, task_depend_type,
       failure_strategy, schedule_time, id, workflow_instance_priority, worker_group, dry_run, $2, $2
     FROM t_ds_workflow_instance WHERE id = $1 ON CONFLICT DO NOTHING`,
    [id, sqlTime(nowMs), [START_CURRENT_TASK_PROCESS, COMPLEMENT_DATA, SCHEDULER]],
  );
  await notifyCommands(tx);
  return { kind: "restarted" };
}
