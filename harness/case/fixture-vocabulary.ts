import { columnsOf } from "./table-catalogue.ts";

/** One key of a fixture of DolphinScheduler's tests, and the table that its entries become. */
export interface FixtureKey {
  readonly table: string;
  /** Fields without a column of their own; they are read over. */
  readonly ignored: readonly string[];
}

/** The keys of a fixture, in the order in which the rows are inserted. `workflowInstance` is a list of one. */
export const FIXTURE_KEYS: Readonly<Record<string, FixtureKey>> = {
  project: { table: "t_ds_project", ignored: ["userName", "perm", "defCount"] },
  workflows: {
    table: "t_ds_workflow_definition",
    ignored: ["userName", "projectName", "modifyBy", "globalParamList", "globalParamMap", "schedule"],
  },
  tasks: { table: "t_ds_task_definition", ignored: ["userName", "projectName", "modifyBy", "taskParamList"] },
  taskRelations: { table: "t_ds_workflow_task_relation", ignored: ["operator", "operateTime"] },
  workflowInstance: { table: "t_ds_workflow_instance", ignored: ["locations", "duration"] },
  workflowInstances: { table: "t_ds_workflow_instance", ignored: ["locations", "duration"] },
  taskInstances: {
    table: "t_ds_task_instance",
    ignored: ["workflowInstancePriority", "workflowDefinitionName", "duration", "workflowDefine"],
  },
};

/** Definitions have a second table, where each version is kept. */
export const LOGGED_TABLES: ReadonlySet<string> = new Set([
  "t_ds_workflow_definition",
  "t_ds_task_definition",
  "t_ds_workflow_task_relation",
]);

/** Names that differ from the column's by more than their spelling. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  t_ds_workflow_instance: { stateHistoryDescList: "state_history", cmdTypeIfComplement: "command_type" },
};

/** The column of a fixture's field: workflowDefinitionCode is workflow_definition_code. */
export function columnOfField(table: string, field: string): string | undefined {
  const renamed = RENAMED[table]?.[field];
  const column = renamed ?? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return columnsOf(table)?.has(column) === true ? column : undefined;
}

/** All fields that entries of a table may have. */
export function fieldsOfTable(table: string): readonly string[] {
  return [...(columnsOf(table)?.keys() ?? [])].map((column) =>
    column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
}
