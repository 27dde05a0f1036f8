import { type TaskState, taskStateOfCode, type WorkflowState, workflowStateOfCode } from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";

/** What a DEPENDENT task asks for. */
export interface DependencyQuery {
  readonly definitionCode: number;
  /** Undefined: the whole workflow. */
  readonly taskCode: number | undefined;
  readonly windows: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** The instance that asks: it does not wait for itself. */
  readonly asker: number;
}

/** The newest instance of one window. */
export interface DependencyRow {
  /** Undefined: there is no instance in that window yet. */
  readonly state: WorkflowState | undefined;
  /** Of the task's valid attempt; undefined: it has none, or the whole workflow was asked for. */
  readonly taskState: TaskState | undefined;
  readonly retriesLeft: boolean;
}

interface RawRow {
  readonly state: number | null;
  readonly taskState: number | null;
  readonly retriesLeft: boolean | null;
}

/**
 * For each window the newest instance that belongs to it: by the time that its schedule meant, else by its start. In
 * the order of the windows.
 */
export async function selectDependencies(
  sql: SqlExecutor,
  query: DependencyQuery,
): Promise<readonly DependencyRow[]> {
  const { rows } = await sql.query<RawRow>(
    `SELECT w.state, t.state AS "taskState", t.retry_times < t.max_retry_times AS "retriesLeft"
     FROM unnest($2::timestamp[], $3::timestamp[]) WITH ORDINALITY AS win (first, last, number)
     LEFT JOIN LATERAL (
       SELECT id, state FROM t_ds_workflow_instance
       WHERE workflow_definition_code = $1 AND id <> $4
         AND coalesce(schedule_time, start_time) BETWEEN win.first AND win.last ORDER BY id DESC LIMIT 1
     ) w ON true
     LEFT JOIN LATERAL (
       SELECT state, retry_times, max_retry_times FROM t_ds_task_instance
       WHERE workflow_instance_id = w.id AND task_code = $5 AND flag = 1 ORDER BY id DESC LIMIT 1
     ) t ON true ORDER BY win.number`,
    [
      query.definitionCode,
      query.windows.map((window) => sqlTime(window.fromMs)),
      query.windows.map((window) => sqlTime(window.toMs)),
      query.asker,
      query.taskCode ?? 0,
    ],
  );
  return rows.map(({ state, taskState, retriesLeft }) => ({
    state: workflowStateOfCode(state ?? -1),
    taskState: taskStateOfCode(taskState ?? -1),
    retriesLeft: retriesLeft ?? false,
  }));
}
