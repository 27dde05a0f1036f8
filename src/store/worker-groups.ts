import type { SqlExecutor } from "./database.ts";

/** Hint: a row of t_ds_worker_group was written (by a trigger, whoever writes it). */
export const WORKER_GROUP_CHANNEL = "failover_worker_group";

/** A row of t_ds_worker_group. */
export interface WorkerGroupRow {
  readonly name: string;
  /** Addresses of workers, comma separated. */
  readonly addressList: string | null;
}

export async function selectWorkerGroups(sql: SqlExecutor): Promise<readonly WorkerGroupRow[]> {
  const { rows } = await sql.query<WorkerGroupRow>(
    `SELECT name, addr_list AS "addressList" FROM t_ds_worker_group ORDER BY name`,
  );
  return rows;
}

/** Whether a row names that group now. */
export async function hasWorkerGroup(sql: SqlExecutor, name: string): Promise<boolean> {
  const { rowCount } = await sql.query("SELECT 1 FROM t_ds_worker_group WHERE name = $1", [name]);
  return rowCount > 0;
}
