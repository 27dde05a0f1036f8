import { required } from "../../src/base/index.ts";
import { EXECUTION_TYPE_CODES, PRIORITY_CODES, TIMEOUT_STRATEGY_CODES } from "../../src/model/index.ts";
import type { TaskDefinition, WorkflowDefinition } from "../case/resolved-case.ts";
import { milliseconds, minutes, type SeedContext } from "./seed-context.ts";
import { rowOf, type SeedRow, type TableRows, timestamp } from "./seed-row.ts";
import { taskParams } from "./task-params.ts";

/** The project that all workflows of a case stand in. */
export const PROJECT_CODE = 1_000_000;
const NO_ENVIRONMENT = -1;
const VERSION = 1;

/** Rows of the definitions: workflows, their tasks and the edges between them, each with its log row. */
export function definitionRows(context: SeedContext): TableRows[] {
  const { workflows } = context.case.database;
  const now = timestamp(context.nowMs);
  const operated = { operator: 1, operate_time: now };
  const definitions = workflows.map((workflow) => workflowRow(context, workflow));
  const tasks = workflows.flatMap((workflow) =>
    workflow.tasks.map((task) => taskRow(context, workflow, task)),
  );
  const relations = workflows.flatMap((workflow) => relationRows(context, workflow));
  const project: SeedRow[] =
    workflows.length === 0
      ? []
      : [{ name: "cases", code: PROJECT_CODE, user_id: 1, flag: 1, create_time: now, update_time: now }];
  const withLog = (table: string, rows: readonly SeedRow[]): TableRows[] => [
    { table, rows },
    { table: `${table}_log`, rows: rows.map((row) => ({ ...row, ...operated })) },
  ];
  return [
    { table: "t_ds_project", rows: project },
    ...withLog("t_ds_workflow_definition", definitions),
    ...withLog("t_ds_task_definition", tasks),
    ...withLog("t_ds_workflow_task_relation", relations),
  ];
}

function workflowRow(context: SeedContext, workflow: WorkflowDefinition): SeedRow {
  const now = timestamp(context.nowMs);
  const { timeout } = workflow;
  return {
    code: context.ids.workflowCode(workflow.name),
    name: workflow.name,
    version: VERSION,
    project_code: PROJECT_CODE,
    release_state: 1,
    user_id: 1,
    global_params: JSON.stringify(propertyList(workflow.params)),
    flag: 1,
    timeout: timeout === undefined ? 0 : minutes(context, timeout),
    timeout_ms: timeout === undefined ? null : milliseconds(context, timeout),
    timeout_notify_strategy: timeout === undefined ? null : TIMEOUT_STRATEGY_CODES[workflow.timeoutStrategy],
    execution_type: EXECUTION_TYPE_CODES[workflow.executionType],
    create_time: now,
    update_time: now,
    ...rowOf("t_ds_workflow_definition", workflow.columns, context.addresses),
  };
}

function taskRow(context: SeedContext, workflow: WorkflowDefinition, task: TaskDefinition): SeedRow {
  const now = timestamp(context.nowMs);
  const { timeout } = task;
  return {
    code: context.ids.taskCode(workflow.name, task.name),
    name: task.name,
    version: VERSION,
    project_code: PROJECT_CODE,
    user_id: 1,
    task_type: taskType(task),
    task_execute_type: 0,
    task_params: taskParams(context, workflow, task),
    flag: 1,
    task_priority: PRIORITY_CODES[task.priority],
    worker_group: task.workerGroup,
    environment_code:
      task.environment === undefined ? NO_ENVIRONMENT : context.ids.environmentCode(task.environment),
    fail_retry_times: task.retries,
    fail_retry_interval: minutes(context, task.retryInterval),
    fail_retry_interval_ms: milliseconds(context, task.retryInterval),
    timeout_flag: timeout === undefined ? 0 : 1,
    timeout_notify_strategy: timeout === undefined ? null : TIMEOUT_STRATEGY_CODES[task.timeoutStrategy],
    timeout: timeout === undefined ? 0 : minutes(context, timeout),
    timeout_ms: timeout === undefined ? null : milliseconds(context, timeout),
    delay_time: minutes(context, task.delay),
    delay_time_ms: milliseconds(context, task.delay),
    task_group_id: task.taskGroup === undefined ? null : context.ids.taskGroupId(task.taskGroup),
    task_group_priority: task.taskGroupPriority,
    create_time: now,
    update_time: now,
    ...rowOf("t_ds_task_definition", task.columns, context.addresses),
  };
}

/** DolphinScheduler's name of a task's type. */
export function taskType(task: TaskDefinition): string {
  const types = {
    run: "SHELL",
    runOnMaster: "LogicFakeTask",
    subWorkflow: "SUB_WORKFLOW",
    conditions: "CONDITIONS",
    switch: "SWITCH",
    dependent: "DEPENDENT",
  } as const;
  return types[task.action.kind];
}

/** The definition of a task by names. */
export function taskDefinition(context: SeedContext, workflow: string, task: string): TaskDefinition {
  const definition = context.case.database.workflows.find(({ name }) => name === workflow);
  return required(
    definition?.tasks.find(({ name }) => name === task),
    `task ${workflow}.${task}`,
  );
}

/** One edge per predecessor; a root has one from code 0. */
function relationRows(context: SeedContext, workflow: WorkflowDefinition): SeedRow[] {
  const now = timestamp(context.nowMs);
  const code = (task: string): number => context.ids.taskCode(workflow.name, task);
  return workflow.tasks.flatMap((task) => {
    const before = task.after.length === 0 ? [undefined] : task.after;
    return before.map((name) => ({
      project_code: PROJECT_CODE,
      workflow_definition_code: context.ids.workflowCode(workflow.name),
      workflow_definition_version: VERSION,
      pre_task_code: name === undefined ? 0 : code(name),
      pre_task_version: name === undefined ? 0 : VERSION,
      post_task_code: code(task.name),
      post_task_version: VERSION,
      condition_type: 0,
      condition_params: "{}",
      create_time: now,
      update_time: now,
    }));
  });
}

/** Parameters as DolphinScheduler writes them down. */
export function propertyList(params: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(params).map(([prop, value]) => ({ prop, direct: "IN", type: "VARCHAR", value }));
}
