import type { Scope } from "../checks/case-scope.ts";
import type { Action, Json, RawSection, Step, Target } from "../resolved-case.ts";
import { isRecord, readDuration, readList, readMap, readNumber, readText } from "../vocabulary/read-json.ts";
import { resolveAction } from "./resolve-action.ts";
import { countStarted } from "./resolve-commands.ts";
import { happensAtNode, resolveMoment } from "./resolve-moment.ts";
import type { SelectorPlace } from "./resolve-selector.ts";

const AT = "/inject";
const NOT_DONE_TO_NODES = ["operate", "sql", "verify"] as const;

/** Reads `inject`: the steps in order, each of which may name those before it. */
export function resolveSteps(scope: Scope, value: Json | undefined): readonly Step[] {
  const items = readList(value);
  const ids = items.map((item, index) => readText(readMap(item)["id"]) ?? `step-${index + 1}`);
  scope.names.steps = ids;
  scope.names.actionsOnNobody = new Map(
    items.flatMap((item, index) =>
      NOT_DONE_TO_NODES.flatMap((key): [string, string][] =>
        readMap(item)[key] === undefined ? [] : [[ids[index] ?? "", key]],
      ),
    ),
  );
  checkUnique(scope, ids);
  const steps: Step[] = [];
  for (const [index, item] of items.entries()) {
    if (!isRecord(item)) continue;
    const step = resolveStep(scope, item, {
      id: ids[index] ?? "",
      pointer: `${AT}/${index}`,
      earlier: ids.slice(0, index),
    });
    checkReachable(scope, step, steps);
    steps.push(step);
    countStarted(scope, readMap(item["operate"]), step.times);
    // Rows put in by hand are not counted: from here on there may be any number.
    if (step.action.kind === "sql") scope.names.uncounted.add("*");
  }
  return steps;
}

function checkUnique(scope: Scope, ids: readonly string[]): void {
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) === index) continue;
    scope.sink.report(`${AT}/${index}/id`, {
      code: "case/duplicate",
      what: `there is a step \`${id}\` already`,
    });
  }
}

interface StepPlace {
  readonly id: string;
  readonly pointer: string;
  readonly earlier: readonly string[];
}

function resolveStep(scope: Scope, section: RawSection, { id, pointer, earlier }: StepPlace): Step {
  const when = isRecord(section["when"]) ? section["when"] : undefined;
  const place: SelectorPlace = {
    pointer,
    it: when !== undefined && happensAtNode(when),
    steps: earlier,
  };
  const times = readNumber(section["times"]) ?? 1;
  if (section["every"] !== undefined && times === 1) {
    scope.sink.report(`${pointer}/every`, {
      code: "case/impossible",
      what: "`every` is the time between repeats, but there is only one",
      fix: "say how often with `times`",
    });
  }
  return {
    id,
    pointer,
    when:
      when === undefined
        ? undefined
        : resolveMoment(scope, when, { pointer: `${pointer}/when`, it: false, steps: earlier }),
    action: resolveAction(scope, section, place),
    for: readDuration(section["for"]),
    landsWithin: readDuration(section["landsWithin"]) ?? { unit: "ms", value: 5000 },
    times,
    every: readDuration(section["every"]),
  };
}

/** A node that is absent and that nothing has started cannot be hit. */
function checkReachable(scope: Scope, step: Step, earlier: readonly Step[]): void {
  const { action } = step;
  if (action.kind === "resume" && !earlier.some((one) => one.action.kind === "pause")) {
    scope.sink.report(`${step.pointer}/resume`, {
      code: "case/impossible",
      what: "no step before this one pauses anything: there is nothing to resume",
    });
  }
  if (action.kind === "start") return checkStartable(scope, step, earlier);
  if (action.kind !== "kill" && action.kind !== "stop" && action.kind !== "pause") return;
  for (const name of namesOf(action.target)) {
    if (scope.names.nodes?.get(name)?.absent !== true) continue;
    if (earlier.some((one) => mayStart(one.action, name))) continue;
    scope.sink.report(`${step.pointer}/${action.kind}`, {
      code: "case/impossible",
      what: `\`${name}\` is absent, and no step before this one starts it: there is nothing to ${action.kind}`,
    });
  }
}

/** A node that was started with the others, and that nothing before may have ended, cannot be started. */
function checkStartable(scope: Scope, step: Step, earlier: readonly Step[]): void {
  if (step.action.kind !== "start") return;
  for (const name of namesOf(step.action.target)) {
    if (scope.names.nodes?.get(name)?.absent !== false) continue;
    if (earlier.some((one) => mayEnd(one.action, name))) continue;
    scope.sink.report(`${step.pointer}/start`, {
      code: "case/impossible",
      what: `\`${name}\` runs already: no step before this one can have ended it`,
    });
  }
}

/** Whatever is not certain to leave the node alone may end it: a broken service, a failpoint, a row put in by hand. */
function mayEnd(action: Action, name: string): boolean {
  if (action.kind === "operate" || action.kind === "verify" || action.kind === "start") return false;
  if (!("target" in action)) return true;
  const { target } = action;
  const plain =
    target.kind === "name" || (target.kind === "list" && target.of.every((one) => one.kind === "name"));
  return !plain || namesOf(target).includes(name);
}

function mayStart(action: Action, name: string): boolean {
  if (action.kind !== "start" && action.kind !== "restart" && action.kind !== "replace") return false;
  const { target } = action;
  const plain =
    target.kind === "name" || (target.kind === "list" && target.of.every((one) => one.kind === "name"));
  return !plain || namesOf(target).includes(name);
}

function namesOf(target: Target): readonly string[] {
  if (target.kind === "name") return [target.name];
  return target.kind === "list" ? target.of.flatMap(namesOf) : [];
}
