import { required } from "../../src/base/index.ts";
import type { FixtureData, Json, RawSection } from "../case/resolved-case.ts";
import type { SeedContext } from "./seed-context.ts";
import { rowOf, type SeedRow, type TableRows, textOf } from "./seed-row.ts";
import { wrapScript } from "./wrap-script.ts";

/** Tables whose rows carry a task's script in `task_params`. */
const SCRIPT_TABLES: readonly string[] = [
  "t_ds_task_definition",
  "t_ds_task_definition_log",
  "t_ds_task_instance",
];

/** Rows of a fixture as they are, but that their scripts tell when they run, as those of a case do. */
export function fixtureRows(context: SeedContext): TableRows[] {
  const { fixture } = context.case.database;
  if (fixture === undefined) return [];
  return Object.entries(fixture.tables).map(([table, rows]) => ({
    table,
    rows: rows.map((row) => {
      const cells = rowOf(table, row, context.addresses);
      return SCRIPT_TABLES.includes(table) ? withWrappedScript(context, fixture, row, cells) : cells;
    }),
  }));
}

function withWrappedScript(
  context: SeedContext,
  fixture: FixtureData,
  row: RawSection,
  cells: SeedRow,
): SeedRow {
  const params = parsedParams(row.task_params);
  if (params === undefined || typeof params.shellScript !== "string") return cells;
  const wrapped = wrapScript({
    workflow: workflowOfTask(fixture, row),
    task: textOf(row.name),
    script: params.shellScript,
    workDirectory: context.workDirectory,
  });
  return { ...cells, task_params: JSON.stringify({ ...params, shellScript: wrapped }) };
}

/** The JSON of `task_params`; undefined for damaged rows, which are inserted as they are. */
function parsedParams(text: Json | undefined): Record<string, Json> | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, Json>) : undefined;
  } catch {
    return undefined;
  }
}

/** A task belongs to the workflow whose edges lead to it. */
function workflowOfTask(fixture: FixtureData, row: RawSection): string {
  const code = row.task_code ?? row.code;
  const edge = fixture.tables.t_ds_workflow_task_relation?.find(
    ({ post_task_code }) => textOf(post_task_code) === textOf(code),
  );
  const workflow = fixture.workflows.find(
    (candidate) => textOf(candidate.code) === textOf(edge?.workflow_definition_code),
  );
  return required(workflow ?? fixture.workflows[0], `workflow of task ${textOf(row.name)}`).name;
}
