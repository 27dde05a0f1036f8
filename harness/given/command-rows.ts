import {
  COMMAND_TYPE_CODES,
  type CommandType,
  FAILURE_STRATEGY_CODES,
  PRIORITY_CODES,
  TASK_DEPEND_TYPE_CODES,
  WARNING_TYPE_CODES,
  WORKFLOW_STATE_CODES,
} from "../../src/model/index.ts";
import type { CommandRequest } from "../case/resolved-case.ts";
import type { PlacedCommand } from "./allocate-ids.ts";
import { propertyList } from "./definition-rows.ts";
import { commandParam, instanceFrame } from "./instance-rows.ts";
import type { SeedContext } from "./seed-context.ts";
import { rowOf, type SeedRow, type TableRows, timestamp } from "./seed-row.ts";

/** Commands as the scheduler's own triggers write them; a `start` brings the workflow instance that it is for. */
export function commandRows(context: SeedContext): TableRows[] {
  const { commands } = context.ids;
  return [
    {
      table: "t_ds_workflow_instance",
      rows: commands.map((placed) => startedInstanceRow(context, placed)).filter((row) => row !== undefined),
    },
    { table: "t_ds_command", rows: commands.map((placed) => commandRow(context, placed)) },
  ];
}

const TYPES = {
  start: "START_PROCESS",
  repeat: "REPEAT_RUNNING",
  recoverFailed: "START_FAILURE_TASK_PROCESS",
  recoverSuspended: "RECOVER_SUSPENDED_PROCESS",
  failover: "RECOVER_TOLERANCE_FAULT_PROCESS",
} as const satisfies Record<CommandRequest["kind"], CommandType>;

function startedInstanceRow(context: SeedContext, { seed, instanceId }: PlacedCommand): SeedRow | undefined {
  const { command } = seed;
  if (command.kind !== "start") return undefined;
  const { options } = command;
  const now = timestamp(context.nowMs);
  const { params } = options;
  return {
    ...instanceFrame(context, { id: instanceId, workflow: command.workflow, params, commandType: 0 }),
    command_param: commandParam(params, startCodes(context, command)),
    ...startColumns(context, command),
    ...warningColumns(context, seed.columns),
    state: WORKFLOW_STATE_CODES.SUBMITTED_SUCCESS,
    host: null,
    run_times: 1,
    start_time: now,
    restart_time: now,
    command_start_time: now,
    end_time: null,
    is_sub_workflow: 0,
    owner_incarnation: null,
    owner_epoch: 0,
  };
}

function commandRow(context: SeedContext, { seed, instanceId }: PlacedCommand): SeedRow {
  const { command } = seed;
  const workflow = command.kind === "start" ? command.workflow : command.instance.workflow;
  const now = timestamp(context.nowMs);
  return {
    command_type: COMMAND_TYPE_CODES[TYPES[command.kind]],
    workflow_definition_code: context.ids.workflowCode(workflow),
    workflow_definition_version: 1,
    workflow_instance_id: instanceId,
    command_param: commandParamOf(context, command),
    ...startColumns(context, command),
    executor_id: 1,
    start_time: now,
    update_time: now,
    ...rowOf("t_ds_command", seed.columns, context.addresses),
  };
}

/** DolphinScheduler takes these over from the command when it makes the instance. */
function warningColumns(context: SeedContext, columns: PlacedCommand["seed"]["columns"]): SeedRow {
  const warning = Object.entries(columns).filter(([column]) => column.startsWith("warning_"));
  return rowOf("t_ds_command", Object.fromEntries(warning), context.addresses);
}

/** The columns that a command and the instance it starts have in common. */
function startColumns(context: SeedContext, { options }: CommandRequest): SeedRow {
  return {
    task_depend_type: TASK_DEPEND_TYPE_CODES[options.taskDependType ?? "TASK_POST"],
    failure_strategy: FAILURE_STRATEGY_CODES[options.failureStrategy ?? "CONTINUE"],
    workflow_instance_priority: PRIORITY_CODES[options.priority ?? "MEDIUM"],
    worker_group: options.workerGroup ?? "default",
    // Whoever names a group wants to be told of every end; a command's columns may say otherwise.
    warning_type: WARNING_TYPE_CODES[options.alertGroup === undefined ? "NONE" : "ALL"],
    warning_group_id: options.alertGroup === undefined ? null : context.ids.alertGroupId(options.alertGroup),
    dry_run: options.dryRun ? 1 : 0,
  };
}

function commandParamOf(context: SeedContext, command: CommandRequest): string {
  if (command.kind === "start") return commandParam(command.options.params, startCodes(context, command));
  if (command.kind !== "failover") return resumeParam(context, command);
  // The tag of the sub-type is not the name of the command type: DolphinScheduler leaves out its ending.
  return JSON.stringify({ commandType: "RECOVER_TOLERANCE_FAULT", workflowExecutionStatus: command.was });
}

function startCodes(context: SeedContext, command: CommandRequest): readonly number[] {
  const workflow = command.kind === "start" ? command.workflow : command.instance.workflow;
  return command.options.startNodes.map((task) => context.ids.taskCode(workflow, task));
}

/** A repeat or recovery says only what it changes: the rest is as the instance was started. */
function resumeParam(context: SeedContext, command: CommandRequest): string {
  const { params, workerGroup, priority, failureStrategy, dryRun } = command.options;
  const changes = {
    ...(workerGroup === undefined ? {} : { workerGroup }),
    ...(priority === undefined ? {} : { priority: PRIORITY_CODES[priority] }),
    ...(failureStrategy === undefined ? {} : { failureStrategy: FAILURE_STRATEGY_CODES[failureStrategy] }),
    ...(dryRun ? { dryRun } : {}),
  };
  return JSON.stringify({
    commandType: TYPES[command.kind],
    startNodes: startCodes(context, command),
    commandParams: propertyList(params),
    timeZone: "UTC",
    ...(Object.keys(changes).length === 0 ? {} : { changes }),
  });
}
