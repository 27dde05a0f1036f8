import { TASK_STATE_CODES } from "../model/index.ts";
import type { SqlExecutor } from "./database.ts";

/**
 * For a recovery: what came after a task that failed or was killed, and has a row all the same, does not count any
 * more. That is so behind a failure that a CONDITIONS task took up: the failed task runs again, so it is decided
 * again. In the transaction of the claim.
 */
export async function invalidateFollowers(
  tx: SqlExecutor,
  workflowInstanceIds: readonly number[],
): Promise<void> {
  await tx.query(
    `WITH RECURSIVE edge AS (
       SELECT DISTINCT w.id, r.pre_task_code AS pre, r.post_task_code AS post FROM t_ds_workflow_instance w
       JOIN t_ds_workflow_task_relation r ON r.workflow_definition_code = w.workflow_definition_code
         AND r.workflow_definition_version = w.workflow_definition_version
       WHERE w.id = ANY($1::int[])
     ), follower AS (
       SELECT e.id, e.post FROM edge e JOIN t_ds_task_instance t ON t.workflow_instance_id = e.id
         AND t.task_code = e.pre AND t.flag = 1
         AND t.state IN (${TASK_STATE_CODES.FAILURE}, ${TASK_STATE_CODES.KILL})
       UNION
       SELECT e.id, e.post FROM follower f JOIN edge e ON e.id = f.id AND e.pre = f.post
     )
     UPDATE t_ds_task_instance t SET flag = 0 FROM follower f
     WHERE t.workflow_instance_id = f.id AND t.task_code = f.post AND t.flag = 1`,
    [workflowInstanceIds],
  );
}
