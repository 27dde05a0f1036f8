import { type InstanceChanges, TASK_STATE_CODES } from "../model/index.ts";
import { recoverChildren } from "./children.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";
import { cloneTask } from "./tasks.ts";

/** A valid attempt by number: a state that is none is no reason to refuse a recovery. */
export interface AttemptCode {
  readonly id: number;
  readonly code: number;
  readonly state: number | null;
}

export async function selectAttemptCodes(
  sql: SqlExecutor,
  workflowInstanceId: number,
): Promise<readonly AttemptCode[]> {
  const { rows } = await sql.query<AttemptCode>(
    `SELECT id, task_code AS code, state FROM t_ds_task_instance
     WHERE workflow_instance_id = $1 AND flag = 1 ORDER BY id`,
    [workflowInstanceId],
  );
  return rows;
}

/** Performs a recovery's choice, in the transaction of the claim. The sub-workflows of revived attempts go on too. */
export async function reviveAttempts(
  tx: SqlExecutor,
  revival: {
    readonly workflowInstanceId: number;
    readonly resume: readonly number[];
    readonly replace: readonly number[];
    readonly invalidate: readonly number[];
  },
  nowMs: number,
): Promise<void> {
  await tx.query(
    `UPDATE t_ds_task_instance SET state = ${TASK_STATE_CODES.SUBMITTED_SUCCESS}, submit_time = $2
     WHERE id = ANY($1::int[]) AND flag = 1`,
    [revival.resume, sqlTime(nowMs)],
  );
  await tx.query("UPDATE t_ds_task_instance SET flag = 0 WHERE id = ANY($1::int[])", [revival.invalidate]);
  for (const id of revival.replace) {
    await cloneTask(tx, id, {
      reason: "recover",
      from: ["FAILURE", "KILL", "NEED_FAULT_TOLERANCE"],
      epoch: 0,
      nowMs,
    });
  }
  await recoverChildren(tx, [revival.workflowInstanceId], nowMs);
}

/** What a repeat or a recovery leaves in the instance's row. Null: as it is. */
export interface RunParameters {
  readonly workflowInstanceId: number;
  readonly commandParam: string | null;
  readonly taskDependType: number | null;
  readonly changes: InstanceChanges;
}

/**
 * Writes them. Another worker group also counts for the attempts that wait now, unless the task itself names a group:
 * it is asked for because the old one has no worker.
 */
export async function writeRunParameters(tx: SqlExecutor, run: RunParameters): Promise<void> {
  const { workerGroup, priority, failureStrategy, dryRun } = run.changes;
  if (workerGroup !== undefined) {
    await tx.query(
      `UPDATE t_ds_task_instance t SET worker_group = $2 FROM t_ds_workflow_instance w
       WHERE w.id = $1 AND t.workflow_instance_id = w.id AND t.flag = 1
         AND t.state = ${TASK_STATE_CODES.SUBMITTED_SUCCESS}
         AND coalesce(t.worker_group, 'default') IN ('default', coalesce(w.worker_group, 'default'))`,
      [run.workflowInstanceId, workerGroup],
    );
  }
  await tx.query(
    `UPDATE t_ds_workflow_instance SET command_param = coalesce($2, command_param),
       task_depend_type = coalesce($3, task_depend_type), worker_group = coalesce($4, worker_group),
       workflow_instance_priority = coalesce($5, workflow_instance_priority),
       failure_strategy = coalesce($6, failure_strategy), dry_run = coalesce($7, dry_run) WHERE id = $1`,
    [
      run.workflowInstanceId,
      run.commandParam,
      run.taskDependType,
      workerGroup ?? null,
      priority ?? null,
      failureStrategy ?? null,
      dryRun === undefined ? null : Number(dryRun),
    ],
  );
}
