import { pointerTo } from "../../base/index.ts";
import { parseInstanceRef, parseTaskRef } from "../../case/index.ts";
import type { Json } from "../../case/resolved-case.ts";
import type { HistoryEvent } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import { describeEvent } from "../describe-event.ts";
import { type ExpectedRow, expandCounts } from "../expand-counts.ts";
import { type AttemptFact, type Facts, type InstanceFact, numberIn } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { isList, isMap, isMatcher, type Mismatch, mismatchOf, show, splitRest, textOf } from "../matchers.ts";
import { checkRowSet } from "../row-set.ts";
import { expectationFinding, type Section } from "../section.ts";
import { agoFields } from "./ages.ts";
import { compareFields } from "./compare-fields.ts";
import { paramsOfInstance, propertiesIn, textValues } from "./properties.ts";

/**
 * Per workflow that is named: exactly these instances in id order, with exactly these attempts where `tasks` is there.
 */
export const judgeInstances: Section = (value, pointer, context) => {
  const list = isMatcher(value) && isList(value["$unordered"]) ? value["$unordered"] : value;
  const base = list === value ? pointer : `${pointer}/$unordered`;
  if (!isList(list)) return [expectationFinding("instances", pointer, "expected a list of instances")];
  const { items, open } = splitRest(list);
  const workflows = [...new Set(items.map(workflowOf))];
  return workflows.flatMap((workflow) => {
    const own = items
      .map((item, index) => ({ item, index }))
      .filter(({ item }) => workflowOf(item) === workflow);
    const actual = context.facts.instances.filter((one) => one.workflow === workflow);
    const rows = list === value ? actual : inOrderOf(own, actual, context);
    const expected = own.length === 0 ? [] : expandOwn(own, rows, base, context);
    return judgeWorkflow({ workflow, expected, actual: rows, open, pointer }, context);
  });
};

const workflowOf = (item: Json): string => (isMap(item) ? textOf(item["workflow"]) : "");

interface OwnItem {
  readonly item: Json;
  /** Its place in the whole list. */
  readonly index: number;
}

function expandOwn(
  own: readonly OwnItem[],
  rows: readonly InstanceFact[],
  base: string,
  context: JudgeContext,
): readonly ExpectedRow[] {
  const fits = (item: Json, row: InstanceFact): boolean => judgeInstance(item, "", row, context).length === 0;
  const expanded = expandCounts({ items: own.map(({ item }) => item), rows, pointer: "", fits }, context);
  // The pointers say which of the workflow's own items it is; the case wants to know which of all.
  return expanded.map(({ item, pointer }) => ({
    item,
    pointer: pointerTo(base, own[Number(pointer.slice(1))]?.index ?? 0),
  }));
}

/** For `$unordered`: each expected one is put against the first that fits and is still free. */
function inOrderOf(
  expected: readonly OwnItem[],
  actual: readonly InstanceFact[],
  context: JudgeContext,
): readonly InstanceFact[] {
  let free = actual;
  const chosen = expected.flatMap(({ item }) => {
    const fit = free.find((one) => judgeInstance(item, "", one, context).length === 0);
    free = free.filter((one) => one !== fit);
    return fit === undefined ? [] : [fit];
  });
  return [...chosen, ...free];
}

interface WorkflowExpectation {
  readonly workflow: string;
  readonly expected: readonly ExpectedRow[];
  readonly actual: readonly InstanceFact[];
  readonly open: boolean;
  readonly pointer: string;
}

function judgeWorkflow(asked: WorkflowExpectation, context: JudgeContext): readonly Finding[] {
  const { workflow, expected, actual, open, pointer } = asked;
  const findings = expected.flatMap(({ item, pointer: at }, index) => {
    const instance = actual[index];
    return instance === undefined ? [] : judgeInstance(item, at, instance, context);
  });
  const missing = expected[actual.length];
  const isSurplus = actual.length > expected.length && !open;
  if (missing === undefined && !isSurplus) return findings;
  const message =
    `instances of ${workflow}: expected ${expected.length}${open ? " or more" : ""}, ` +
    `found ${actual.length === 0 ? "none" : actual.length}`;
  const details = actual.map((one) => describeInstance(one));
  return [...findings, expectationFinding("instances", missing?.pointer ?? pointer, message, details)];
}

function judgeInstance(
  item: Json,
  pointer: string,
  instance: InstanceFact,
  context: JudgeContext,
): readonly Finding[] {
  if (!isMap(item)) return [expectationFinding("instances", pointer, "expected a map")];
  const { tasks, ...fields } = item;
  const found = compareFields(
    fields,
    {
      table: "t_ds_workflow_instance",
      row: instance.row,
      columns: { priority: "workflow_instance_priority" },
      special: specialFields(instance, context),
    },
    context,
  );
  const own = found === undefined ? [] : [instanceFinding(found, pointer, instance, context)];
  return tasks === undefined ? own : [...own, ...judgeTasks(tasks, `${pointer}/tasks`, instance, context)];
}

function instanceFinding(
  found: Mismatch,
  pointer: string,
  instance: InstanceFact,
  context: JudgeContext,
): Finding {
  const at = found.path.reduce<string>((base, key) => pointerTo(base, key), pointer);
  const message = `instance ${instance.name}, ${found.path.join(".")}: expected ${found.expected}, was ${found.actual}`;
  const writer = lastWriteOf(context.facts, "workflow.state", instance.id);
  return expectationFinding("instances", at, message, [
    describeInstance(instance),
    ...instance.attempts.map((one) => `  ${describeAttempt(one, context.facts)}`),
    ...writer,
  ]);
}

function specialFields(
  instance: InstanceFact,
  context: JudgeContext,
): Readonly<Record<string, (expected: Json) => Mismatch | undefined>> {
  const { facts, scope } = context;
  return {
    workflow: (expected) => mismatchOf(expected, instance.workflow, scope),
    params: (expected) => mismatchOf(textValues(expected), paramsOfInstance(instance.row), scope),
    ...agoFields(instance.row, { startedAgo: "start_time", restartedAgo: "restart_time" }, context),
    parent: (expected) => {
      if (typeof expected !== "string") return mismatchOf(expected, parentOf(instance, facts), scope);
      const ref = parseTaskRef(textOf(expected));
      const parents =
        ref === undefined ? [] : facts.instancesOf(ref).map(({ name }) => `${name}.${ref.task}`);
      const actual = parentOf(instance, facts);
      return actual !== null && parents.includes(actual)
        ? undefined
        : { path: [], expected, actual: show(actual) };
    },
  };
}

/** The task whose sub-workflow it is: "top.S". */
function parentOf(instance: InstanceFact, facts: Facts): string | null {
  const relation = facts
    .rows("t_ds_relation_workflow_instance")
    .findLast((row) => numberIn(row, "workflow_instance_id") === instance.id);
  if (relation === undefined) return null;
  const parent = facts.instanceById(numberIn(relation, "parent_workflow_instance_id"));
  const attempt = parent?.attempts.find(({ id }) => id === numberIn(relation, "parent_task_instance_id"));
  return parent === undefined ? null : `${parent.name}.${attempt?.task ?? "?"}`;
}

function judgeTasks(
  tasks: Json,
  pointer: string,
  instance: InstanceFact,
  context: JudgeContext,
): readonly Finding[] {
  if (!isMap(tasks)) return [expectationFinding("instances", pointer, "expected a map of tasks")];
  const { $rest, ...named } = tasks;
  const findings = Object.entries(named).flatMap(([task, expected]) =>
    checkRowSet(
      expected,
      {
        code: "instances",
        pointer: pointerTo(pointer, task),
        noun: `attempt of ${instance.name}.${task}`,
        rows: instance.attempts.filter((one) => one.task === task),
        compare: (item, attempt) => compareAttempt(item, attempt, context),
        describe: (attempt) => describeAttempt(attempt, context.facts),
      },
      context,
    ),
  );
  if ($rest === "ignore") return findings;
  const others = instance.attempts.filter(({ task }) => !(task in named));
  if (others.length === 0) return findings;
  const names = [...new Set(others.map(({ task }) => task))].join(", ");
  const message = `instance ${instance.name}: expected no attempt of ${names}, which "tasks" does not name`;
  const details = others.map((one) => describeAttempt(one, context.facts));
  return [...findings, expectationFinding("instances", pointer, message, details)];
}

const ATTEMPT_TIMES = {
  firstSubmittedAgo: "first_submit_time",
  submittedAgo: "submit_time",
  startedAgo: "start_time",
  endedAgo: "end_time",
} as const;

/** A word or a matcher alone is about the state. */
function compareAttempt(item: Json, attempt: AttemptFact, context: JudgeContext): Mismatch | undefined {
  const isState = !isMap(item) || isMatcher(item);
  const { facts, scope } = context;
  return compareFields(
    isState ? { state: item } : item,
    {
      table: "t_ds_task_instance",
      row: attempt.row,
      columns: { priority: "task_instance_priority" },
      special: {
        ...agoFields(attempt.row, ATTEMPT_TIMES, context),
        out: (expected) => mismatchOf(textValues(expected), propertiesIn(attempt.row["var_pool"]), scope),
        child: (expected) => {
          const ref = parseInstanceRef(textOf(expected));
          const child = numberIn(attempt.row, "sub_workflow_instance_id");
          if (ref !== undefined && facts.instancesOf(ref).some(({ id }) => id === child)) return undefined;
          return { path: [], expected: show(expected), actual: facts.instanceById(child)?.name ?? "none" };
        },
      },
    },
    context,
  );
}

export function describeInstance(instance: InstanceFact): string {
  const epoch = numberIn(instance.row, "owner_epoch");
  return `${instance.name} (id ${instance.id}): ${instance.state}, owner epoch ${epoch}`;
}

export function describeAttempt(attempt: AttemptFact, facts: Facts): string {
  const host = attempt.row["host"];
  const where = host === null || host === undefined ? "" : ` on ${facts.nameOf(String(host))}`;
  const flag = attempt.valid ? "YES" : "NO";
  const row = `${attempt.task} (id ${attempt.id}): ${attempt.state}, flag ${flag}, retry ${attempt.retryTimes}${where}`;
  const [writer] = lastWriteOf(facts, "task.state", attempt.id);
  return writer === undefined ? row : `${row}; ${writer.trim()}`;
}

/** The event that wrote the state which a row has now, if one is known. */
function lastWriteOf(facts: Facts, type: "workflow.state" | "task.state", id: number): readonly string[] {
  const isAbout = (event: HistoryEvent): boolean =>
    event.source === "node" &&
    (event.type === "task.state"
      ? event.taskInstanceId === id
      : event.type === type && event.workflowInstanceId === id);
  const last = facts.events(type).findLast(isAbout);
  return last === undefined ? [] : [`written at ${describeEvent(last, facts).trim()}`];
}
