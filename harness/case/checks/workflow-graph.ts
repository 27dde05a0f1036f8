import { pointerTo } from "../../base/index.ts";
import { keyPointer } from "../reading/located.ts";
import type { TaskAction, TaskDefinition, WorkflowDefinition } from "../resolved-case.ts";
import { readList, readMap, readWordsAt } from "../vocabulary/read-json.ts";
import type { Scope } from "./case-scope.ts";
import { checkTask, checkWorkflow } from "./check-references.ts";

interface Target {
  readonly task: string;
  /** Below the pointer of the task. */
  readonly pointer: string;
}

/** The tasks that a task chooses between: `then` and `else` of CONDITIONS and SWITCH. */
export function branchTargets(action: TaskAction): readonly Target[] {
  if (action.kind !== "conditions" && action.kind !== "switch") return [];
  const at = `/${action.kind}`;
  const cases = readList(action.value["cases"]).flatMap((one, index) =>
    readWordsAt(readMap(one)["then"], `${at}/cases/${index}/then`),
  );
  const then = readWordsAt(action.value["then"], `${at}/then`);
  const otherwise = readWordsAt(action.value["else"], `${at}/else`);
  return [...then, ...cases, ...otherwise].map(({ word, pointer }) => ({ task: word, pointer }));
}

/** Checks what tasks say about each other: names that do not exist, tasks and workflows that go in circles. */
export function checkGraphs(scope: Scope, workflows: readonly WorkflowDefinition[]): void {
  for (const workflow of workflows) {
    for (const task of workflow.tasks) checkTaskNames(scope, workflow, task);
    const circle = findCircle(new Map(workflow.tasks.map((task) => [task.name, task.after])));
    if (circle !== undefined) {
      const [first] = circle;
      scope.sink.report(`${pointerTo(`${workflow.pointer}/tasks`, first ?? "")}/after`, {
        code: "case/cycle",
        what: `tasks of \`${workflow.name}\` wait for each other: ${circle.join(" -> ")}`,
      });
    }
  }
  const children = new Map(
    workflows.map((workflow) => [
      workflow.name,
      workflow.tasks.flatMap((task) => (task.action.kind === "subWorkflow" ? [task.action.workflow] : [])),
    ]),
  );
  const circle = findCircle(children);
  if (circle !== undefined) {
    scope.sink.report(pointerTo("/database/workflows", circle[0] ?? ""), {
      code: "case/cycle",
      what: `workflows contain each other: ${circle.join(" -> ")}`,
    });
  }
}

function checkTaskNames(scope: Scope, workflow: WorkflowDefinition, task: TaskDefinition): void {
  const branches = branchTargets(task.action);
  // `after` holds the edges of branches too: those are reported where they were written.
  const own = scope.names.workflows?.get(workflow.name)?.tasks ?? new Set<string>();
  for (const name of task.after) {
    if (!own.has(name)) {
      checkTask(scope, { workflow: workflow.name, task: name }, `${task.pointer}/after`);
    }
  }
  for (const branch of branches) {
    checkTask(scope, { workflow: workflow.name, task: branch.task }, `${task.pointer}${branch.pointer}`);
  }
  const { action } = task;
  switch (action.kind) {
    case "subWorkflow":
      checkWorkflow(scope, action.workflow, `${task.pointer}/subWorkflow`);
      return;
    case "conditions":
      for (const mode of ["all", "any"]) {
        for (const name of Object.keys(readMap(action.value[mode]))) {
          const pointer = pointerTo(`${task.pointer}/conditions/${mode}`, name);
          if (checkTask(scope, { workflow: workflow.name, task: name }, keyPointer(pointer))) {
            checkBefore(scope, { workflow, task, other: name, pointer: keyPointer(pointer) });
          }
        }
      }
      return;
    case "dependent":
      for (const mode of ["all", "any"]) {
        for (const { word, pointer } of readWordsAt(
          action.value[mode],
          `${task.pointer}/dependent/${mode}`,
        )) {
          const [name = "", inner] = word.split(".");
          if (checkWorkflow(scope, name, pointer) && inner !== undefined) {
            checkTask(scope, { workflow: name, task: inner }, pointer);
          }
        }
      }
      return;
    case "run":
    case "runOnMaster":
    case "switch":
  }
}

interface Before {
  readonly workflow: WorkflowDefinition;
  readonly task: TaskDefinition;
  readonly other: string;
  readonly pointer: string;
}

/** CONDITIONS looks at the states of tasks that are over: those that it waits for, directly or not. */
function checkBefore(scope: Scope, { workflow, task, other, pointer }: Before): void {
  const edges = new Map(workflow.tasks.map((one) => [one.name, one.after]));
  const before = new Set<string>(task.after);
  for (const name of before) for (const next of edges.get(name) ?? []) before.add(next);
  if (before.has(other)) return;
  scope.sink.report(pointer, {
    code: "case/impossible",
    what: `\`${task.name}\` looks at the state of \`${other}\`, but does not wait for it`,
    fix: `add \`${other}\` to its \`after\``,
  });
}

/** A path that comes back to where it started, with that name at both ends. Undefined when there is none. */
function findCircle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): readonly string[] | undefined => {
    const start = path.indexOf(name);
    if (start >= 0) return [...path.slice(start), name];
    if (done.has(name)) return undefined;
    path.push(name);
    for (const next of edges.get(name) ?? []) {
      const circle = visit(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const name of edges.keys()) {
    const circle = visit(name);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
