import { assertNever } from "../../src/base/index.ts";
import type { Json, RawSection, TaskDefinition, WorkflowDefinition } from "../case/resolved-case.ts";
import type { SeedContext } from "./seed-context.ts";
import { textOf } from "./seed-row.ts";
import { wrapScript } from "./wrap-script.ts";

/** Column `task_params`: what the task does, as DolphinScheduler writes it down. */
export function taskParams(context: SeedContext, workflow: WorkflowDefinition, task: TaskDefinition): string {
  return JSON.stringify({ localParams: localParams(task), ...actionParams(context, workflow, task) });
}

function localParams(task: TaskDefinition): readonly object[] {
  const incoming = Object.entries(task.in).map(([prop, value]) => ({
    prop,
    direct: "IN",
    type: "VARCHAR",
    value,
  }));
  const outgoing = task.out.map((prop) => ({ prop, direct: "OUT", type: "VARCHAR", value: "" }));
  return [...incoming, ...outgoing];
}

function actionParams(context: SeedContext, workflow: WorkflowDefinition, task: TaskDefinition): object {
  const { action } = task;
  const code = (name: Json | undefined): number => context.ids.taskCode(workflow.name, textOf(name));
  switch (action.kind) {
    case "run":
    case "runOnMaster": {
      const { workDirectory } = context;
      const wrapped = wrapScript({
        workflow: workflow.name,
        task: task.name,
        script: action.script,
        workDirectory,
      });
      return { varPool: [], shellScript: wrapped };
    }
    case "subWorkflow":
      return { resourceList: [], workflowDefinitionCode: context.ids.workflowCode(action.workflow) };
    case "conditions":
      return {
        dependence: dependence(action.value, (name) => ({ depTaskCode: code(name) })),
        conditionResult: {
          successNode: words(action.value.then).map(code),
          failedNode: words(action.value.else).map(code),
        },
      };
    case "switch":
      return {
        switchResult: {
          dependTaskList: list(action.value.cases).map((item) => ({
            condition: section(item).if,
            nextNode: code(section(item).then),
          })),
          nextNode: action.value.else === undefined ? null : code(action.value.else),
        },
      };
    case "dependent":
      return { dependence: dependent(context, action.value) };
    default:
      return assertNever(action, "task action");
  }
}

/** `{ all | any: { A: SUCCESS } }` in DolphinScheduler's two levels of AND and OR. */
function dependence(value: RawSection, item: (name: string) => object): object {
  const relation = value.any === undefined ? "AND" : "OR";
  const wanted = Object.entries(section(value.all ?? value.any ?? {}));
  const items = wanted.map(([name, status]) => ({ ...item(name), status }));
  return { relation: "AND", dependTaskList: [{ relation, dependItemList: items }] };
}

/** `{ all | any: [etl, etl.load], window: today }`: 0 as task code means the whole workflow. */
function dependent(context: SeedContext, value: RawSection): object {
  const relation = value.any === undefined ? "AND" : "OR";
  const items = words(value.all ?? value.any ?? []).map((word) => {
    const [workflow = "", task] = word.split(".");
    return {
      definitionCode: context.ids.workflowCode(workflow),
      depTaskCode: task === undefined ? 0 : context.ids.taskCode(workflow, task),
      cycle: "day",
      dateValue: value.window ?? "today",
    };
  });
  return { relation: "AND", dependTaskList: [{ relation, dependItemList: items }] };
}

function list(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

function words(value: Json | undefined): readonly string[] {
  return list(value).map(textOf);
}

function section(value: Json): RawSection {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as RawSection) : {};
}
