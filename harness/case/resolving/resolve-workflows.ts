import { EXECUTION_TYPE_CODES, PRIORITY_CODES, TIMEOUT_STRATEGY_CODES } from "../../../src/model/index.ts";
import { pointerTo } from "../../base/index.ts";
import type { WorkflowNames } from "../checks/case-names.ts";
import type { Scope } from "../checks/case-scope.ts";
import { checkColumns } from "../checks/check-columns.ts";
import { checkName } from "../checks/check-references.ts";
import { branchTargets, checkGraphs } from "../checks/workflow-graph.ts";
import type { Json, RawSection, TaskAction, TaskDefinition, WorkflowDefinition } from "../resolved-case.ts";
import {
  readDuration,
  readMap,
  readNumber,
  readParams,
  readText,
  readWord,
  readWords,
} from "../vocabulary/read-json.ts";

const NO_TIME = { unit: "ms", value: 0 } as const;
const KINDS = ["run", "runOnMaster", "subWorkflow", "conditions", "switch", "dependent"] as const;

/** Reads `database.workflows`: tasks with all their predecessors, those of branches too. */
export function resolveWorkflows(value: Json | undefined): readonly WorkflowDefinition[] {
  const workflows = Object.entries(readMap(value)).map(([name, section]) => {
    const pointer = pointerTo("/database/workflows", name);
    return resolveWorkflow({ name, pointer, section: readMap(section) });
  });
  return workflows;
}

/** Names that the workflows of a case offer. */
export function namesOfWorkflows(
  workflows: readonly WorkflowDefinition[],
): ReadonlyMap<string, WorkflowNames> {
  return new Map(
    workflows.map(({ name, tasks }) => [
      name,
      {
        tasks: new Set(tasks.map((task) => task.name)),
        kinds: new Map(tasks.map((task) => [task.name, task.action.kind])),
      },
    ]),
  );
}

/** What can be said only once all workflows are known: references, circles. */
export function checkWorkflows(scope: Scope, workflows: readonly WorkflowDefinition[]): void {
  for (const workflow of workflows) {
    const ofWorkflow = { table: "t_ds_workflow_definition", row: workflow.columns };
    checkColumns(scope, { ...ofWorkflow, pointer: `${workflow.pointer}/columns` });
    for (const task of workflow.tasks) {
      const { pointer } = task;
      const ofTask = { table: "t_ds_task_definition", row: task.columns };
      checkColumns(scope, { ...ofTask, pointer: `${pointer}/columns` });
      const { groups, taskGroups, environments } = scope.names;
      checkName(
        scope,
        { pointer: `${pointer}/workerGroup`, kind: "worker group", allowed: groups },
        task.workerGroup,
      );
      checkName(
        scope,
        { pointer: `${pointer}/taskGroup`, kind: "task group", allowed: taskGroups },
        task.taskGroup,
      );
      const environment = { pointer: `${pointer}/environment`, kind: "environment", allowed: environments };
      checkName(scope, environment, task.environment);
      if (task.action.kind === "subWorkflow") scope.names.uncounted.add(task.action.workflow);
    }
  }
  checkGraphs(scope, workflows);
}

interface Place {
  readonly name: string;
  readonly pointer: string;
  readonly section: RawSection;
}

function resolveWorkflow({ name, pointer, section }: Place): WorkflowDefinition {
  const raw = Object.entries(readMap(section["tasks"]));
  const tasks = raw.map(([task, inner]) =>
    resolveTask({
      name: task,
      pointer: pointerTo(`${pointer}/tasks`, task),
      section: readMap(inner),
    }),
  );
  const executionType = readWord(section["executionType"], EXECUTION_TYPE_CODES) ?? "PARALLEL";
  return {
    name,
    pointer,
    tasks: withBranchEdges(tasks),
    params: readParams(section["params"]),
    executionType,
    timeout: readDuration(section["timeout"]),
    timeoutStrategy: readWord(section["timeoutStrategy"], TIMEOUT_STRATEGY_CODES) ?? "WARN",
    columns: readMap(section["columns"]),
  };
}

/** `then` and `else` are edges: what they name waits for the task that chooses. */
function withBranchEdges(tasks: readonly TaskDefinition[]): readonly TaskDefinition[] {
  return tasks.map((task) => {
    const choosers = tasks.filter((other) =>
      branchTargets(other.action).some((target) => target.task === task.name),
    );
    const after = new Set([...task.after, ...choosers.map((one) => one.name)]);
    return after.size === task.after.length ? task : { ...task, after: [...after] };
  });
}

function resolveTask({ name, pointer, section }: Place): TaskDefinition {
  const action = resolveAction(section);
  return {
    name,
    pointer,
    action,
    after: [...new Set(readWords(section["after"]))],
    retries: readNumber(section["retries"]) ?? 0,
    retryInterval: readDuration(section["retryInterval"]) ?? NO_TIME,
    delay: readDuration(section["delay"]) ?? NO_TIME,
    timeout: readDuration(section["timeout"]),
    timeoutStrategy: readWord(section["timeoutStrategy"], TIMEOUT_STRATEGY_CODES) ?? "WARN",
    priority: readWord(section["priority"], PRIORITY_CODES) ?? "MEDIUM",
    workerGroup: readText(section["workerGroup"]) ?? "default",
    taskGroup: readText(section["taskGroup"]),
    taskGroupPriority: readNumber(section["taskGroupPriority"]) ?? 0,
    environment: readText(section["environment"]),
    in: readParams(section["in"]),
    out: readWords(section["out"]),
    columns: readMap(section["columns"]),
  };
}

function resolveAction(section: RawSection): TaskAction {
  const kind = KINDS.find((one) => section[one] !== undefined) ?? "run";
  switch (kind) {
    case "run":
    case "runOnMaster":
      return { kind, script: readText(section[kind]) ?? "" };
    case "subWorkflow":
      return { kind, workflow: readText(section[kind]) ?? "" };
    case "conditions":
    case "switch":
    case "dependent":
      return { kind, value: readMap(section[kind]) };
  }
}
