import type { SqlExecutor } from "./database.ts";

/** An attempt that failed for a reason that no retry changes: its retries are over too. After OWN. */
export async function endRetries(tx: SqlExecutor, id: number): Promise<void> {
  await tx.query(
    "UPDATE t_ds_task_instance SET max_retry_times = coalesce(retry_times, 0) WHERE id = $1 AND flag = 1",
    [id],
  );
}
