import type { SqlExecutor } from "./database.ts";

/** A task as its workflow's definition has it. Durations in milliseconds. */
export interface TaskDefinitionRow {
  readonly code: number;
  readonly version: number;
  readonly name: string;
  readonly taskType: string;
  readonly taskParams: string | null;
  readonly maxRetryTimes: number;
  readonly retryIntervalMinutes: number;
  readonly retryIntervalMs: number;
  readonly delayMinutes: number;
  readonly delayMs: number;
  readonly priority: number | null;
  readonly workerGroup: string | null;
  readonly environmentCode: number;
  readonly environmentConfig: string | null;
  readonly taskGroupId: number | null;
  /** Among those that wait for a slot of the group, and in the dispatch queue, the larger goes first. */
  readonly taskGroupPriority: number;
}

/** From a task to one that comes after it; `pre` 0 means: a root. */
export interface RelationRow {
  readonly pre: number;
  readonly post: number;
}

const MINUTE_MS = 60_000;

/** The tasks of a workflow definition of one version, each with its environment. */
export async function selectTaskDefinitions(
  sql: SqlExecutor,
  code: number,
  version: number,
): Promise<readonly TaskDefinitionRow[]> {
  const { rows } = await sql.query<TaskDefinitionRow>(
    `SELECT DISTINCT ON (t.code) t.code, t.version, t.name, t.task_type AS "taskType", t.task_params AS "taskParams",
       coalesce(t.fail_retry_times, 0) AS "maxRetryTimes", coalesce(t.fail_retry_interval, 0) AS "retryIntervalMinutes",
       coalesce(t.fail_retry_interval_ms, t.fail_retry_interval::bigint * ${MINUTE_MS}, 0)::bigint AS "retryIntervalMs",
       coalesce(t.delay_time, 0) AS "delayMinutes",
       coalesce(t.delay_time_ms, t.delay_time::bigint * ${MINUTE_MS}, 0)::bigint AS "delayMs",
       t.task_priority AS priority,
       t.worker_group AS "workerGroup", coalesce(t.environment_code, -1) AS "environmentCode",
       e.config AS "environmentConfig", t.task_group_id AS "taskGroupId",
       coalesce(t.task_group_priority, 0) AS "taskGroupPriority"
     FROM t_ds_workflow_task_relation r
     JOIN t_ds_task_definition t ON t.code = r.post_task_code AND t.version = r.post_task_version
     LEFT JOIN t_ds_environment e ON e.code = t.environment_code
     WHERE r.workflow_definition_code = $1 AND r.workflow_definition_version = $2 ORDER BY t.code`,
    [code, version],
  );
  return rows;
}

/** The edges of a workflow definition of one version. */
export async function selectRelations(
  sql: SqlExecutor,
  code: number,
  version: number,
): Promise<readonly RelationRow[]> {
  const { rows } = await sql.query<RelationRow>(
    `SELECT pre_task_code AS pre, post_task_code AS post FROM t_ds_workflow_task_relation
     WHERE workflow_definition_code = $1 AND workflow_definition_version = $2 ORDER BY id`,
    [code, version],
  );
  return rows;
}
