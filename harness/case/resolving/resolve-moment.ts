import { FAILPOINT_NAMES } from "../../../src/base/index.ts";
import { TASK_STATES, WORKFLOW_STATES } from "../../../src/model/index.ts";
import type { Scope } from "../checks/case-scope.ts";
import { checkAddresses, readInstanceRef, readTaskRef } from "../checks/check-references.ts";
import type { Duration, Json, Moment, MomentSubject, RawSection } from "../resolved-case.ts";
import { isList, readDuration, readNumber, readText, readWord, readWords } from "../vocabulary/read-json.ts";
import { resolveEventPattern } from "./resolve-event-pattern.ts";
import { checkStep, resolveSelector, type SelectorPlace } from "./resolve-selector.ts";

/** Limit of a wait that says none. */
export const DEFAULT_WITHIN: Duration = { unit: "ms", value: 20_000 };

/** Reads the `when` of a step. */
export function resolveMoment(scope: Scope, section: RawSection, place: SelectorPlace): Moment {
  const delay = readDelay(section["delay"]);
  if (delay !== undefined && delay[0].unit === delay[1].unit && delay[0].value > delay[1].value) {
    scope.sink.report(`${place.pointer}/delay`, {
      code: "case/impossible",
      what: "the range ends before it begins",
    });
  }
  return {
    pointer: place.pointer,
    what: resolveSubject(scope, section, place),
    delay,
    within: readDuration(section["within"]) ?? DEFAULT_WITHIN,
  };
}

/** Whether the moment happens at a node, which `it` then is: all do but a delay, a path and a step. */
export function happensAtNode(section: RawSection): boolean {
  if (section["registry"] !== undefined || section["step"] !== undefined) return false;
  const subjects = ["task", "instance", "event", "failpoint", "node"];
  return section["delay"] === undefined || subjects.some((key) => section[key] !== undefined);
}

function readDelay(value: Json | undefined): readonly [Duration, Duration] | undefined {
  if (isList(value)) {
    const from = readDuration(value[0]);
    const to = readDuration(value[1]);
    return from === undefined || to === undefined ? undefined : [from, to];
  }
  const exact = readDuration(value);
  return exact === undefined ? undefined : [exact, exact];
}

function resolveSubject(scope: Scope, section: RawSection, place: SelectorPlace): MomentSubject {
  const at = (key: string): string => `${place.pointer}/${key}`;
  const selector = (key: string): SelectorPlace => ({ ...place, it: false, pointer: at(key) });
  const count = readNumber(section["count"]);
  const nth = readNumber(section["nth"]) ?? 1;
  if (section["task"] !== undefined && section["event"] === undefined) {
    const task = readTaskRef(scope, section["task"], at("task"), { many: count !== undefined });
    const states = readWords(section["state"]).flatMap((word) => readWord(word, TASK_STATES) ?? []);
    return { kind: "task", task, states, count };
  }
  if (section["instance"] !== undefined && section["event"] === undefined && !isFailpoint(section)) {
    const instance = readInstanceRef(scope, section["instance"], at("instance"), {
      many: count !== undefined,
    });
    const states = readWords(section["state"]).flatMap((word) => readWord(word, WORKFLOW_STATES) ?? []);
    return { kind: "instance", instance, states, count };
  }
  if (section["event"] !== undefined) {
    return { kind: "event", pattern: resolveEventPattern(scope, section, place), nth };
  }
  if (isFailpoint(section)) {
    const by =
      section["by"] === undefined ? undefined : resolveSelector(scope, section["by"], selector("by"));
    const instance =
      section["instance"] === undefined
        ? undefined
        : readInstanceRef(scope, section["instance"], at("instance"), { many: true });
    const name = readWord(section["failpoint"], FAILPOINT_NAMES) ?? "command.claim.before";
    return { kind: "failpoint", at: name, by, instance, nth };
  }
  return resolveStanding(scope, section, place);
}

function isFailpoint(section: RawSection): boolean {
  return section["failpoint"] !== undefined;
}

/** Moments that are a state of a node, of the registry or of a step, and the plain delay. */
function resolveStanding(scope: Scope, section: RawSection, place: SelectorPlace): MomentSubject {
  const at = (key: string): string => `${place.pointer}/${key}`;
  if (section["node"] !== undefined) {
    const node = resolveSelector(scope, section["node"], { ...place, it: false, pointer: at("node") });
    const is = readWord(section["is"], ["up", "gone", "registered", "unregistered"]) ?? "up";
    return { kind: "node", node, is };
  }
  if (section["registry"] !== undefined) {
    const path = readText(section["registry"]) ?? "";
    checkAddresses(scope, path, at("registry"));
    return { kind: "registry", path, is: readWord(section["is"], ["present", "absent"]) ?? "present" };
  }
  if (section["step"] !== undefined) {
    const step = readText(section["step"]) ?? "";
    checkStep(scope, step, { ...place, pointer: at("step") });
    return { kind: "step", step, is: readWord(section["is"], ["landed", "undone"]) ?? "landed" };
  }
  return { kind: "delay" };
}
