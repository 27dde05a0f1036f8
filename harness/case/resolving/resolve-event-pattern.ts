import { TASK_STATES, WORKFLOW_STATES } from "../../../src/model/index.ts";
import type { Scope } from "../checks/case-scope.ts";
import { checkAddresses, readInstanceRef, readTaskRef } from "../checks/check-references.ts";
import type { EventPattern, RawSection } from "../resolved-case.ts";
import { EVENT_FIELDS, fieldsOfPattern, typesOfPattern } from "../vocabulary/event-fields.ts";
import { readText, readWords, readWordsAt } from "../vocabulary/read-json.ts";
import { readSelector } from "../vocabulary/read-selector.ts";
import { parseInstanceRef, parseTaskRef } from "../vocabulary/references.ts";
import { resolveSelector, type SelectorPlace } from "./resolve-selector.ts";

/** The pattern that a raw section stands for; says nothing about whether its names exist. */
export function readEventPattern(section: RawSection): EventPattern {
  const instance = readText(section["instance"]);
  const task = readText(section["task"]);
  return {
    event: (readText(section["event"]) ?? "") as EventPattern["event"],
    by: section["by"] === undefined ? undefined : readSelector(section["by"]),
    of: section["of"] === undefined ? undefined : readSelector(section["of"]),
    path: readText(section["path"]),
    instance: instance === undefined ? undefined : parseInstanceRef(instance),
    task: task === undefined ? undefined : parseTaskRef(task),
    states: section["state"] === undefined ? undefined : readWords(section["state"]),
  };
}

/** Reads and checks a pattern: names, and fields that events of its type do not have. */
export function resolveEventPattern(scope: Scope, section: RawSection, place: SelectorPlace): EventPattern {
  const pattern = readEventPattern(section);
  const inner = (key: string): SelectorPlace => ({ ...place, it: false, pointer: `${place.pointer}/${key}` });
  if (pattern.by !== undefined) resolveSelector(scope, section["by"], inner("by"));
  if (pattern.of !== undefined) resolveSelector(scope, section["of"], inner("of"));
  if (pattern.path !== undefined) checkAddresses(scope, pattern.path, inner("path").pointer);
  if (pattern.instance !== undefined) {
    readInstanceRef(scope, section["instance"], inner("instance").pointer, { many: true, lenient: true });
  }
  if (pattern.task !== undefined) {
    readTaskRef(scope, section["task"], inner("task").pointer, { many: true, lenient: true });
  }
  checkFields(scope, section, place.pointer);
  return pattern;
}

function checkFields(scope: Scope, section: RawSection, pointer: string): void {
  const event = readText(section["event"]) ?? "";
  const types = typesOfPattern(event);
  if (types.length === 0) return;
  const fields = fieldsOfPattern(event);
  for (const field of EVENT_FIELDS) {
    if (section[field] === undefined || fields.has(field)) continue;
    scope.sink.report(`${pointer}/${field}`, {
      code: "case/impossible",
      what: `an event \`${event}\` has no \`${field}\`: this can never match`,
      why: `It has: ${[...fields].join(", ")}.`,
    });
  }
  const states: readonly string[] = [
    ...(types.includes("workflow.state") ? WORKFLOW_STATES : []),
    ...(types.includes("task.state") ? TASK_STATES : []),
  ];
  if (states.length === 0) return;
  for (const { word, pointer: at } of readWordsAt(section["state"], `${pointer}/state`)) {
    if (!states.includes(word)) {
      const kind = types.includes("task.state") ? "task state" : "workflow state";
      scope.sink.unknown(at, kind, { word, allowed: states });
    }
  }
}
