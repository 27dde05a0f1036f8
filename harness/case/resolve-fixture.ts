import path from "node:path";
import { EXECUTION_TYPE_CODES, isWorkflowFinished, workflowStateOfCode } from "../../src/model/index.ts";
import { type Problem, pointerTo } from "../base/index.ts";
import { addInstances, type WorkflowNames } from "./case-names.ts";
import { notYet, type Scope } from "./case-scope.ts";
import { checkNode } from "./check-references.ts";
import { keyPointer } from "./located.ts";
import { type FixtureRow, readFixtureRows } from "./read-fixture.ts";
import { readParams, readText } from "./read-json.ts";
import type { FixtureData, Json, RawSection } from "./resolved-case.ts";
import type { SourceFiles } from "./source-files.ts";

/** Task types of a fixture that this version runs. */
const RUNNABLE: readonly Json[] = ["SHELL", "LogicFakeTask"];

interface FixtureSource {
  readonly database: RawSection;
  readonly files: SourceFiles;
  /** The file that names the fixture: its path is relative to that. */
  readonly writtenIn: string;
}

/**
 * Reads `database.fixture`: DolphinScheduler's own YAML, unchanged. Its problems are reported where they stand in the
 * fixture. Undefined when there is no fixture, or none that can be read.
 */
export function resolveFixture(
  scope: Scope,
  source: FixtureSource,
  report: (problems: readonly Problem[]) => void,
): FixtureData | undefined {
  const name = readText(source.database["fixture"]);
  if (name === undefined) return undefined;
  const file = source.files.read(path.resolve(path.dirname(source.writtenIn), name));
  if (file.document === undefined) {
    const missing = file.problems.some((problem) => problem.code === "case/not-found");
    if (!missing) report(file.problems);
    else {
      const what = `the file ${file.display} does not exist`;
      scope.sink.report("/database/fixture", { code: "case/not-found", what });
    }
    return undefined;
  }
  const mapping = readParams(source.database["fixtureHosts"]);
  const problems: Problem[] = [];
  const reading = { hosts: new Map(Object.entries(mapping)), problems };
  const { rows, hosts } = readFixtureRows(file.document, reading);
  checkReferences(rows, problems);
  report(problems);
  for (const [host, node] of Object.entries(mapping)) {
    const pointer = pointerTo("/database/fixtureHosts", host);
    if (checkNode(scope, node, pointer)) checkOwner(scope, { node, pointer, rows });
    if (!hosts.has(host))
      scope.sink.unknown(keyPointer(pointer), "host in the fixture called", { word: host, allowed: hosts });
  }
  noteUnsupported(scope, rows);
  return { file: file.display, tables: byTable(rows), workflows: workflowsOf(rows) };
}

/** An unfinished instance on a node that is up would be a wrong start, as in `database.instances`. */
function checkOwner(
  scope: Scope,
  {
    node,
    pointer,
    rows,
  }: { readonly node: string; readonly pointer: string; readonly rows: readonly FixtureRow[] },
): void {
  if (scope.names.nodes?.get(node)?.absent !== false) return;
  const unfinished = rowsOf(rows, "t_ds_workflow_instance").some(({ values }) => {
    const state = workflowStateOfCode(Number(values["state"]));
    return values["host"] === `<${node}>` && state !== undefined && !isWorkflowFinished(state);
  });
  if (!unfinished) return;
  scope.sink.report(pointer, {
    code: "case/impossible",
    what: `the fixture has an unfinished instance on \`${node}\`, which is up`,
    fix: `add \`absent: ${node}\` to \`cluster\``,
  });
}

/** Names that the fixture adds to the case: its workflows and their tasks. */
export function fixtureNames(fixture: FixtureData | undefined): readonly [string, WorkflowNames][] {
  return (fixture?.workflows ?? []).map((workflow) => [
    workflow.name,
    { tasks: new Set(workflow.tasks), kinds: new Map() },
  ]);
}

/** Counts the instances of a fixture. */
export function countFixtureInstances(scope: Scope, fixture: FixtureData): void {
  const names = new Map<Json, string>(fixture.workflows.map(({ code, name }) => [code, name]));
  for (const row of fixture.tables["t_ds_workflow_instance"] ?? []) {
    const name = names.get(row["workflow_definition_code"] ?? null);
    if (name !== undefined) addInstances(scope.names, name, 1);
  }
}

function rowsOf(rows: readonly FixtureRow[], table: string): readonly FixtureRow[] {
  return rows.filter((row) => row.table === table);
}

function byTable(rows: readonly FixtureRow[]): Readonly<Record<string, readonly RawSection[]>> {
  const tables: Record<string, RawSection[]> = {};
  for (const row of rows) {
    const list = tables[row.table] ?? [];
    list.push(row.values);
    tables[row.table] = list;
  }
  return tables;
}

function workflowsOf(rows: readonly FixtureRow[]): FixtureData["workflows"] {
  const taskNames = new Map<Json, Json>();
  for (const { values } of rowsOf(rows, "t_ds_task_definition")) {
    taskNames.set(values["code"] ?? null, values["name"] ?? null);
  }
  const relations = rowsOf(rows, "t_ds_workflow_task_relation");
  return rowsOf(rows, "t_ds_workflow_definition").map(({ values }) => {
    const codes = relations
      .filter((relation) => relation.values["workflow_definition_code"] === values["code"])
      .flatMap(({ values: edge }) => [edge["pre_task_code"] ?? 0, edge["post_task_code"] ?? 0]);
    const tasks = [...new Set(codes)].flatMap((code) => readText(taskNames.get(code)) ?? []);
    return { name: readText(values["name"]) ?? "", code: Number(values["code"]), tasks };
  });
}

/** What would leave a row without the thing that it is about. */
function checkReferences(rows: readonly FixtureRow[], problems: Problem[]): void {
  const known = (table: string, column: string): ReadonlySet<Json> =>
    new Set(rowsOf(rows, table).map((row) => row.values[column] ?? null));
  const check = (rule: Rule): void => {
    const { table, field, column, kind } = rule;
    for (const { node, values } of rowsOf(rows, table)) {
      const value = values[column] ?? 0;
      const entry = node.entries.get(field);
      if (value === 0 || entry === undefined || rule.allowed.has(value)) continue;
      const what = `\`${field}\`: the fixture has no ${kind} ${JSON.stringify(value)}`;
      problems.push({ code: "case/fixture", what, at: entry.node.at });
    }
  };
  const workflows = known("t_ds_workflow_definition", "code");
  const tasks = known("t_ds_task_definition", "code");
  const code = { field: "workflowDefinitionCode", column: "workflow_definition_code" };
  const workflow = { ...code, kind: "workflow with the code", allowed: workflows };
  const task = { kind: "task with the code", allowed: tasks };
  check({ ...workflow, table: "t_ds_workflow_task_relation" });
  check({ ...workflow, table: "t_ds_workflow_instance" });
  const relation = { ...task, table: "t_ds_workflow_task_relation" };
  check({ ...relation, field: "preTaskCode", column: "pre_task_code" });
  check({ ...relation, field: "postTaskCode", column: "post_task_code" });
  check({ ...task, table: "t_ds_task_instance", field: "taskCode", column: "task_code" });
  check({
    table: "t_ds_task_instance",
    field: "workflowInstanceId",
    column: "workflow_instance_id",
    kind: "workflow instance with the id",
    allowed: known("t_ds_workflow_instance", "id"),
  });
}

interface Rule {
  readonly table: string;
  readonly field: string;
  readonly column: string;
  readonly kind: string;
  readonly allowed: ReadonlySet<Json>;
}

function noteUnsupported(scope: Scope, rows: readonly FixtureRow[]): void {
  const pointer = "/database/fixture";
  const types = new Set(rowsOf(rows, "t_ds_task_definition").map((row) => row.values["task_type"] ?? null));
  for (const type of types) {
    if (!RUNNABLE.includes(type))
      notYet(scope, `task type \`${readText(type) ?? "?"}\` of the fixture`, pointer);
  }
  for (const { values } of rowsOf(rows, "t_ds_workflow_definition")) {
    const type = values["execution_type"] ?? EXECUTION_TYPE_CODES.PARALLEL;
    if (type !== EXECUTION_TYPE_CODES.PARALLEL)
      notYet(scope, "a serial executionType of the fixture", pointer);
  }
  if (rowsOf(rows, "t_ds_task_definition").some((row) => Number(row.values["task_group_id"] ?? 0) > 0)) {
    notYet(scope, "`taskGroupId` of the fixture", pointer);
  }
}
