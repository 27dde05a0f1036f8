import {
  COMMAND_TYPE_CODES,
  type CommandType,
  WORKFLOW_STATE_CODES,
  type WorkflowState,
  wordOfCode,
} from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";
import { notifyCommands } from "./reports.ts";

/** A command as it waits in the table. */
export interface CommandRow {
  readonly id: number;
  /** Undefined: the row holds a code that is none. */
  readonly type: CommandType | undefined;
  readonly typeCode: number | null;
  readonly param: string | null;
  readonly definitionCode: number;
  readonly definitionVersion: number | null;
  readonly taskDependType: number | null;
  readonly workflowInstanceId: number;
  readonly priority: number | null;
  readonly workerGroup: string | null;
  readonly failureStrategy: number | null;
  readonly dryRun: number | null;
}

type RawCommandRow = Omit<CommandRow, "type">;

const COLUMNS = `id, command_type AS "typeCode", command_param AS param, workflow_definition_code AS "definitionCode",
  workflow_definition_version AS "definitionVersion", task_depend_type AS "taskDependType",
  coalesce(workflow_instance_id, 0) AS "workflowInstanceId", workflow_instance_priority AS priority,
  worker_group AS "workerGroup", failure_strategy AS "failureStrategy", dry_run AS "dryRun"`;

export interface FetchOptions {
  /** Slot of this master among `slots`: a preference only. Undefined: it has none, and takes just what is overdue. */
  readonly slot: number | undefined;
  readonly slots: number;
  /** Commands with ids up to here have waited too long to be left to the master of their slot. 0: none. */
  readonly overdueUpTo: number;
  readonly limit: number;
}

/**
 * Takes commands for this transaction. Never the same one twice, whatever anybody believes about slots: SKIP
 * LOCKED.
 */
export async function lockCommands(tx: SqlExecutor, options: FetchOptions): Promise<readonly CommandRow[]> {
  const { rows } = await tx.query<RawCommandRow>(
    `SELECT ${COLUMNS} FROM t_ds_command
     WHERE ($1::int IS NOT NULL AND id % $2 = $1) OR id <= $3
     ORDER BY workflow_instance_priority, id LIMIT $4 FOR UPDATE SKIP LOCKED`,
    [options.slot ?? null, options.slots, options.overdueUpTo, options.limit],
  );
  return rows.map((row) => ({ ...row, type: wordOfCode(COMMAND_TYPE_CODES, row.typeCode ?? -1) }));
}

/** The highest id among the waiting commands, whosever slot they are. Undefined: none waits. */
export async function selectHighestCommand(sql: SqlExecutor): Promise<number | undefined> {
  const { rows } = await sql.query<{ id: number | null }>("SELECT max(id) AS id FROM t_ds_command");
  return rows[0]?.id ?? undefined;
}

export async function deleteCommands(tx: SqlExecutor, ids: readonly number[]): Promise<void> {
  await tx.query("DELETE FROM t_ds_command WHERE id = ANY($1::int[])", [ids]);
}

/** Sets a command aside with the reason. The row stays in t_ds_error_command for a person to look at. */
export async function setCommandAside(tx: SqlExecutor, id: number, message: string): Promise<void> {
  const columns = `id, command_type, workflow_definition_code, command_param, task_depend_type, failure_strategy,
    warning_type, warning_group_id, schedule_time, start_time, executor_id, update_time, workflow_instance_priority,
    worker_group, tenant_code, environment_code, dry_run, workflow_instance_id, workflow_definition_version, test_flag,
    request_id`;
  await tx.query(
    `WITH gone AS (DELETE FROM t_ds_command WHERE id = $1 RETURNING *)
     INSERT INTO t_ds_error_command (${columns}, message) SELECT ${columns}, $2 FROM gone ON CONFLICT DO NOTHING`,
    [id, message],
  );
}

/** How a claim changes one workflow row. */
export interface ClaimedWorkflow {
  readonly workflowInstanceId: number;
  readonly state: WorkflowState;
  /** A new run begins: times, counters and variables are set for it. */
  readonly begins: "first-run" | "next-run" | "no";
}

export interface Claimant {
  readonly incarnation: string;
  readonly address: string;
  readonly nowMs: number;
}

/** Makes this incarnation the owner of all of them: epoch + 1. Gives the new epochs. */
export async function takeOwnership(
  tx: SqlExecutor,
  me: Claimant,
  claims: readonly ClaimedWorkflow[],
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await tx.query<{ id: number; epoch: number }>(
    `UPDATE t_ds_workflow_instance w SET state = claim.state, owner_incarnation = $1, owner_epoch = w.owner_epoch + 1,
       host = $2, pre_failover_state = NULL, update_time = $3,
       restart_time = CASE WHEN claim.begins = 'first-run' THEN coalesce(w.restart_time, $3) ELSE $3 END,
       run_started_time = CASE WHEN claim.begins = 'no'
         THEN coalesce(w.run_started_time, w.restart_time, w.start_time, $3) ELSE $3 END,
       start_time = coalesce(w.start_time, $3),
       end_time = CASE WHEN claim.begins = 'no' THEN w.end_time ELSE NULL END,
       var_pool = CASE WHEN claim.begins = 'next-run' THEN NULL ELSE w.var_pool END,
       run_times = CASE claim.begins WHEN 'next-run' THEN coalesce(w.run_times, 1) + 1
         WHEN 'first-run' THEN coalesce(w.run_times, 1) ELSE w.run_times END
     FROM unnest($4::int[], $5::int[], $6::text[]) AS claim (id, state, begins)
     -- The array finds the rows by index; for the join alone the planner may read the whole table.
     WHERE w.id = claim.id AND w.id = ANY ($4::int[]) RETURNING w.id, w.owner_epoch AS epoch`,
    [
      me.incarnation,
      me.address,
      sqlTime(me.nowMs),
      claims.map((claim) => claim.workflowInstanceId),
      claims.map((claim) => WORKFLOW_STATE_CODES[claim.state]),
      claims.map((claim) => claim.begins),
    ],
  );
  return new Map(rows.map((row) => [row.id, row.epoch]));
}

/** The parameters that a start command brings go to its workflow. */
export async function copyStartParameters(tx: SqlExecutor, commandIds: readonly number[]): Promise<void> {
  await tx.query(
    `UPDATE t_ds_workflow_instance w SET command_param = coalesce(c.command_param, w.command_param),
       task_depend_type = coalesce(c.task_depend_type, w.task_depend_type), command_type = c.command_type,
       schedule_time = coalesce(c.schedule_time, w.schedule_time)
     FROM t_ds_command c WHERE c.id = ANY($1::int[]) AND w.id = c.workflow_instance_id`,
    [commandIds],
  );
}

export interface NewCommand {
  readonly type: CommandType;
  readonly workflowInstanceId: number;
  readonly definitionCode: number;
  readonly definitionVersion: number;
  readonly param: string | null;
  readonly taskDependType: number | null;
  readonly priority: number;
  readonly workerGroup: string | null;
  readonly requestId: string | null;
  readonly nowMs: number;
}

/** Adds a command. False: there is one for that workflow, or from that request, already. */
export async function insertCommand(tx: SqlExecutor, command: NewCommand): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version, command_param,
       task_depend_type, workflow_instance_id, workflow_instance_priority, worker_group, request_id, start_time,
       update_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT DO NOTHING`,
    [
      COMMAND_TYPE_CODES[command.type],
      command.definitionCode,
      command.definitionVersion,
      command.param,
      command.taskDependType,
      command.workflowInstanceId,
      command.priority,
      command.workerGroup,
      command.requestId,
      sqlTime(command.nowMs),
    ],
  );
  await notifyCommands(tx);
  return rowCount === 1;
}

/** An instance that waits for its START command. Gives its id. Undefined: no such definition. */
export async function insertInstance(
  tx: SqlExecutor,
  instance: {
    readonly definitionCode: number;
    readonly definitionVersion: number | null;
    readonly priority: number;
    readonly workerGroup: string | null;
    readonly failureStrategy: number;
    readonly dryRun: boolean;
    readonly nowMs: number;
  },
): Promise<{ readonly id: number; readonly definitionVersion: number } | undefined> {
  const { rows } = await tx.query<{ id: number; definitionVersion: number }>(
    `INSERT INTO t_ds_workflow_instance (name, workflow_definition_code, workflow_definition_version, project_code,
       state, start_time, run_times, command_type, task_depend_type, failure_strategy, global_params,
       workflow_instance_priority, worker_group, timeout, dry_run, restart_time)
     SELECT name || '-' || to_char($2::timestamp, 'YYYYMMDDHH24MISSMS'), code, version, project_code,
       ${WORKFLOW_STATE_CODES.SUBMITTED_SUCCESS}, $2, 1, 0, 2, $3, global_params, $4, $5, timeout, $6, $2
     FROM t_ds_workflow_definition WHERE code = $1 AND ($7::int IS NULL OR version = $7) ORDER BY version DESC LIMIT 1
     RETURNING id, workflow_definition_version AS "definitionVersion"`,
    [
      instance.definitionCode,
      sqlTime(instance.nowMs),
      instance.failureStrategy,
      instance.priority,
      instance.workerGroup,
      instance.dryRun ? 1 : 0,
      instance.definitionVersion,
    ],
  );
  return rows[0];
}

/** A command that came without an instance (a schedule's, or a bare row) gets the one that was made for it. */
export async function setCommandInstance(
  tx: SqlExecutor,
  commandId: number,
  workflowInstanceId: number,
): Promise<void> {
  await tx.query("UPDATE t_ds_command SET workflow_instance_id = $2 WHERE id = $1", [
    commandId,
    workflowInstanceId,
  ]);
}
