import { FINISHED_WORKFLOW_CODES, UNFINISHED_TASK_CODES } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";

export interface HistoryOptions {
  /** What was written before this instant may go. Milliseconds since the epoch. */
  readonly beforeMs: number;
  /** Lives that stand in the registry: never forgotten, however old their rows are. */
  readonly registered: readonly string[];
  /** Rows of one table that one call deletes at most: a short transaction each time. */
  readonly limit: number;
}

/** An unfinished row names this life: what is known of it decides what becomes of that row. */
const STILL_NAMED = `EXISTS (SELECT 1 FROM t_ds_workflow_instance w
    WHERE w.owner_incarnation = old.incarnation AND NOT w.state = ANY($3::int[]))
  OR EXISTS (SELECT 1 FROM t_ds_task_instance t JOIN t_ds_workflow_instance w ON w.id = t.workflow_instance_id
    WHERE t.worker_incarnation = old.incarnation AND t.state = ANY($4::int[]) AND NOT w.state = ANY($3::int[]))`;

/** A workflow that is over for so long, or is not there any more, asks for nothing that happened before. */
const UNFINISHED_WORKFLOW = `EXISTS (SELECT 1 FROM t_ds_workflow_instance w
    WHERE w.id = old.workflow_instance_id AND NOT w.state = ANY($3::int[]))`;

/** By table: its key, the time that its age counts from, and what keeps a row however old it is. */
const RULES: readonly {
  readonly table: string;
  readonly key: string;
  readonly age: string;
  readonly keep: string;
}[] = [
  {
    table: "t_ds_failover",
    key: "incarnation",
    age: "update_time",
    keep: `old.phase <> 'DONE' OR NOT old.marked OR old.incarnation = ANY($5::uuid[]) OR ${STILL_NAMED}`,
  },
  {
    table: "t_ds_server",
    key: "incarnation",
    age: "coalesce(update_time, create_time)",
    keep: `old.state IN ('JOINING', 'ALIVE') OR old.incarnation = ANY($5::uuid[]) OR ${STILL_NAMED}
        OR EXISTS (SELECT 1 FROM t_ds_failover f WHERE f.incarnation = old.incarnation)`,
  },
  {
    table: "t_ds_failover_audit",
    key: "id",
    age: "create_time",
    keep: `${UNFINISHED_WORKFLOW}
        OR EXISTS (SELECT 1 FROM t_ds_failover f WHERE f.incarnation = old.incarnation)`,
  },
  {
    table: "t_ds_workflow_intent",
    key: "id",
    age: "create_time",
    keep: `old.outcome = 'OPEN' OR ${UNFINISHED_WORKFLOW}`,
  },
  { table: "t_ds_operator_request", key: "request_id", age: "create_time", keep: UNFINISHED_WORKFLOW },
  {
    table: "t_ds_task_report",
    key: "ctid",
    age: "create_time",
    keep: `EXISTS (SELECT 1 FROM t_ds_task_instance t JOIN t_ds_workflow_instance w ON w.id = t.workflow_instance_id
        WHERE t.id = old.task_instance_id AND NOT w.state = ANY($3::int[]))`,
  },
];

/**
 * Deletes a batch of what is only history: finished failovers, lives that are over, audit, closed orders, answered
 * requests, reports that were taken in. Never what an unfinished row names. Gives how many rows went, by table; less
 * than `limit` of each: nothing is left. Two masters may do it at the same time.
 */
export async function deleteHistory(
  sql: SqlExecutor,
  { beforeMs, registered, limit }: HistoryOptions,
): Promise<Readonly<Record<string, number>>> {
  const gone: Record<string, number> = {};
  for (const { table, key, age, keep } of RULES) {
    const { rowCount } = await sql.query(
      `WITH given AS (SELECT $3::int[], $4::int[], $5::uuid[])
       DELETE FROM ${table} WHERE ${key} = ANY (ARRAY(
         SELECT old.${key} FROM ${table} old, given
         WHERE (${age.replaceAll(/\b(update_time|create_time)\b/g, "old.$1")}) < $1 AND NOT (${keep})
         ORDER BY old.${key} LIMIT $2 FOR UPDATE OF old SKIP LOCKED))`,
      [sqlTime(beforeMs), limit, FINISHED_WORKFLOW_CODES, UNFINISHED_TASK_CODES, registered],
    );
    gone[table] = rowCount;
  }
  return gone;
}
