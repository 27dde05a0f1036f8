import { type SqlExecutor, sqlTime } from "./database.ts";

/** The date that an instance is run for, as if it were that time. */
export async function setScheduleTime(
  tx: SqlExecutor,
  workflowInstanceId: number,
  atMs: number | null,
): Promise<void> {
  await tx.query("UPDATE t_ds_workflow_instance SET schedule_time = $2 WHERE id = $1", [
    workflowInstanceId,
    atMs === null ? null : sqlTime(atMs),
  ]);
}
