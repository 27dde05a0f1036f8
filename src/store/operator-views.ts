import {
  COMMAND_TYPE_CODES,
  TASK_STATE_CODES,
  WORKFLOW_STATE_CODES,
  type WorkflowState,
  wordOfCode,
} from "../model/index.ts";
import type { SqlExecutor } from "./database.ts";

/** A workflow instance as an operator sees it. Times in milliseconds since the epoch. */
export interface InstanceView {
  readonly id: number;
  readonly name: string | null;
  readonly workflow: string | null;
  readonly workflowDefinitionCode: number | null;
  readonly workflowDefinitionVersion: number;
  /** A word, or the number in the row when it is none. */
  readonly state: string;
  readonly host: string | null;
  readonly ownerEpoch: number;
  readonly runTimes: number | null;
  readonly priority: number | null;
  readonly workerGroup: string | null;
  readonly dryRun: boolean;
  readonly scheduleTime: number | null;
  readonly startTime: number | null;
  readonly restartTime: number | null;
  readonly endTime: number | null;
}

const INSTANCE = `w.id, w.name, d.name AS workflow, w.workflow_definition_code AS "workflowDefinitionCode",
  w.workflow_definition_version AS "workflowDefinitionVersion", w.state, w.host, w.owner_epoch AS "ownerEpoch",
  w.run_times AS "runTimes", w.workflow_instance_priority AS priority, w.worker_group AS "workerGroup",
  coalesce(w.dry_run, 0) = 1 AS "dryRun", w.schedule_time AS "scheduleTime", w.start_time AS "startTime",
  w.restart_time AS "restartTime", w.end_time AS "endTime"`;
const FROM_INSTANCE = `t_ds_workflow_instance w LEFT JOIN t_ds_workflow_definition d
  ON d.code = w.workflow_definition_code AND d.version = w.workflow_definition_version`;

type Raw<T> = Omit<T, "state"> & { readonly state: number | null };

function withWord<T extends { readonly state: string }>(
  table: Readonly<Record<string, number>>,
  row: Raw<T>,
): T {
  return { ...row, state: wordOfCode(table, row.state ?? -1) ?? String(row.state) } as unknown as T;
}

export interface InstanceFilter {
  readonly code?: number | undefined;
  readonly name?: string | undefined;
  readonly state?: WorkflowState | undefined;
  /** Only ids below this one: the next page. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Instances, the newest first. */
export async function selectInstanceViews(
  sql: SqlExecutor,
  filter: InstanceFilter,
): Promise<readonly InstanceView[]> {
  const { rows } = await sql.query<Raw<InstanceView>>(
    `SELECT ${INSTANCE} FROM ${FROM_INSTANCE}
     WHERE ($1::bigint IS NULL OR w.workflow_definition_code = $1) AND ($2::text IS NULL OR d.name = $2)
       AND ($3::int IS NULL OR w.state = $3) AND ($4::int IS NULL OR w.id < $4)
     ORDER BY w.id DESC LIMIT $5`,
    [
      filter.code ?? null,
      filter.name ?? null,
      filter.state === undefined ? null : WORKFLOW_STATE_CODES[filter.state],
      filter.before ?? null,
      filter.limit,
    ],
  );
  return rows.map((row) => withWord<InstanceView>(WORKFLOW_STATE_CODES, row));
}

export async function selectInstanceView(sql: SqlExecutor, id: number): Promise<InstanceView | undefined> {
  const { rows } = await sql.query<Raw<InstanceView>>(
    `SELECT ${INSTANCE} FROM ${FROM_INSTANCE} WHERE w.id = $1`,
    [id],
  );
  return rows[0] === undefined ? undefined : withWord<InstanceView>(WORKFLOW_STATE_CODES, rows[0]);
}

/** An attempt as an operator sees it. */
export interface AttemptView {
  readonly id: number;
  readonly task: string;
  readonly taskType: string | null;
  readonly state: string;
  /** False: another attempt has taken its place. */
  readonly valid: boolean;
  readonly host: string | null;
  readonly retryTimes: number;
  readonly submitTime: number | null;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly logPath: string | null;
  readonly killReason: string | null;
}

/** All attempts of an instance, in the order in which they were made. */
export async function selectAttemptViews(sql: SqlExecutor, id: number): Promise<readonly AttemptView[]> {
  const { rows } = await sql.query<Raw<AttemptView>>(
    `SELECT id, name AS task, task_type AS "taskType", state, flag = 1 AS valid, host,
       coalesce(retry_times, 0) AS "retryTimes", submit_time AS "submitTime", start_time AS "startTime",
       end_time AS "endTime", log_path AS "logPath", kill_reason AS "killReason"
     FROM t_ds_task_instance WHERE workflow_instance_id = $1 ORDER BY id`,
    [id],
  );
  return rows.map((row) => withWord<AttemptView>(TASK_STATE_CODES, row));
}

/** A stored stop or pause. */
export interface OrderView {
  readonly kind: string;
  readonly requestId: string;
  readonly outcome: string;
  readonly createTime: number | null;
}

export async function selectOrderViews(sql: SqlExecutor, id: number): Promise<readonly OrderView[]> {
  const { rows } = await sql.query<OrderView>(
    `SELECT kind, request_id AS "requestId", outcome, create_time AS "createTime" FROM t_ds_workflow_intent
     WHERE workflow_instance_id = $1 ORDER BY id`,
    [id],
  );
  return rows;
}

/** A command that waits, or that was set aside with the reason. */
export interface CommandView {
  readonly id: number;
  readonly type: string;
  readonly workflowInstanceId: number;
  readonly workflowDefinitionCode: number | null;
  readonly priority: number | null;
  readonly requestId: string | null;
  readonly commandParam: string | null;
  readonly scheduleTime: number | null;
  readonly startTime: number | null;
  readonly message?: string | null;
}

interface CommandFilter {
  readonly from: "t_ds_command" | "t_ds_error_command";
  readonly workflowInstanceId?: number;
  readonly limit: number;
}

/** Commands: those that wait in the order in which they are claimed, those that failed the newest first. */
export async function selectCommandViews(
  sql: SqlExecutor,
  { from, workflowInstanceId, limit }: CommandFilter,
): Promise<readonly CommandView[]> {
  const failed = from === "t_ds_error_command";
  const { rows } = await sql.query<Omit<CommandView, "type"> & { readonly type: number | null }>(
    `SELECT id, command_type AS type, coalesce(workflow_instance_id, 0) AS "workflowInstanceId",
       workflow_definition_code AS "workflowDefinitionCode", workflow_instance_priority AS priority,
       request_id AS "requestId", command_param AS "commandParam", schedule_time AS "scheduleTime",
       start_time AS "startTime"${failed ? ", message" : ""}
     FROM ${from} WHERE ($1::int IS NULL OR workflow_instance_id = $1)
     ORDER BY ${failed ? "id DESC" : "workflow_instance_priority, id"} LIMIT $2`,
    [workflowInstanceId ?? null, limit],
  );
  return rows.map((row) => ({
    ...row,
    type: wordOfCode(COMMAND_TYPE_CODES, row.type ?? -1) ?? String(row.type),
  }));
}
