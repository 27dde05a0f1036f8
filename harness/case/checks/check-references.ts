import type { InstanceRef, Json, TaskRef } from "../resolved-case.ts";
import { readText } from "../vocabulary/read-json.ts";
import { parseInstanceRef, parseTaskRef } from "../vocabulary/references.ts";
import { isUncounted } from "./case-names.ts";
import type { Scope } from "./case-scope.ts";

/** How a reference to an instance is meant. */
export interface Reference {
  /** A name without a number may mean all instances ("runs", counts, event patterns). */
  readonly many?: boolean;
  /** The name alone is enough: whether there are instances at that time is not asked. */
  readonly lenient?: boolean;
}

const NOWHERE: InstanceRef = { workflow: "", ordinal: null };

/** Reads and checks "etl" or "etl#2". */
export function readInstanceRef(
  scope: Scope,
  value: Json | undefined,
  pointer: string,
  meant: Reference = {},
): InstanceRef {
  const ref = parseInstanceRef(readText(value) ?? "");
  if (ref === undefined) return NOWHERE;
  if (checkWorkflow(scope, ref.workflow, pointer)) checkOrdinal(scope, ref, pointer, meant);
  return ref;
}

/** Reads and checks "etl.extract" or "etl#2.extract". */
export function readTaskRef(
  scope: Scope,
  value: Json | undefined,
  pointer: string,
  meant: Reference = {},
): TaskRef {
  const ref = parseTaskRef(readText(value) ?? "");
  if (ref === undefined) return { ...NOWHERE, task: "" };
  if (checkWorkflow(scope, ref.workflow, pointer)) {
    checkTask(scope, ref, pointer);
    checkOrdinal(scope, ref, pointer, meant);
  }
  return ref;
}

/** Whether a workflow of that name exists; complains when not. */
export function checkWorkflow(scope: Scope, name: string, pointer: string): boolean {
  const { workflows } = scope.names;
  if (workflows === undefined || name === "") return false;
  if (workflows.has(name)) return true;
  scope.sink.unknown(pointer, "workflow", { word: name, allowed: workflows.keys() });
  return false;
}

/** Whether the workflow has a task of that name; complains when not. */
export function checkTask(
  scope: Scope,
  ref: { readonly workflow: string; readonly task: string },
  pointer: string,
): boolean {
  const workflow = scope.names.workflows?.get(ref.workflow);
  if (workflow === undefined || ref.task === "") return false;
  if (workflow.tasks.has(ref.task)) return true;
  scope.sink.unknown(pointer, `task of workflow \`${ref.workflow}\` called`, {
    word: ref.task,
    allowed: workflow.tasks,
  });
  return false;
}

function checkOrdinal(scope: Scope, ref: InstanceRef, pointer: string, meant: Reference): void {
  const { workflow, ordinal } = ref;
  if (meant.lenient === true || isUncounted(scope.names, workflow)) return;
  const count = scope.names.instances.get(workflow) ?? 0;
  if (count === 0) {
    scope.sink.report(pointer, {
      code: "case/impossible",
      what: `\`${workflow}\` never has an instance: nothing starts it`,
      fix: `add it to \`database.instances\`, or \`start: ${workflow}\` to \`database.commands\``,
    });
  } else if (ordinal !== null && ordinal > count) {
    scope.sink.report(pointer, {
      code: "case/unknown-name",
      what: `there is no instance \`${workflow}#${ordinal}\``,
      why: count === 1 ? `\`${workflow}\` has one instance.` : `\`${workflow}\` has ${count} instances.`,
    });
  } else if (ordinal === null && count > 1 && meant.many !== true) {
    scope.sink.report(pointer, {
      code: "case/ambiguous",
      what: `\`${workflow}\` has ${count} instances: which one is meant?`,
      fix: `write \`${workflow}#1\` to \`${workflow}#${count}\``,
    });
  }
}

/** Whether a node of that name exists; complains when not. */
export function checkNode(
  scope: Scope,
  name: string,
  pointer: string,
  services: readonly string[] = [],
): boolean {
  const { nodes, workflows } = scope.names;
  if (nodes === undefined || name === "") return false;
  if (nodes.has(name)) return true;
  if (workflows?.has(name) === true) {
    const what = `\`${name}\` is a workflow, not a node`;
    const fix = `for the master that owns it, write { ownerOf: ${name} }`;
    scope.sink.report(pointer, { code: "case/unknown-name", what, fix });
    return false;
  }
  const kind = services.length === 0 ? "node" : "node or service";
  scope.sink.unknown(pointer, kind, { word: name, allowed: [...nodes.keys(), ...services] });
  return false;
}

/** Whether it is one of the given names; complains when not. Nothing is said about an absent value. */
export function checkName(
  scope: Scope,
  place: { readonly pointer: string; readonly kind: string; readonly allowed: ReadonlySet<string> },
  name: string | undefined,
): void {
  if (name === undefined || name === "" || place.allowed.has(name)) return;
  scope.sink.unknown(place.pointer, place.kind, { word: name, allowed: place.allowed });
}

/** Checks the `<master-1>` in a path or a value. */
export function checkAddresses(scope: Scope, text: string, pointer: string): void {
  for (const match of text.matchAll(/<((?:master|worker|alert-server)[^>]*)>/g)) {
    checkNode(scope, match[1] ?? "", pointer);
  }
}

/** Checks a host: null, a node, or the host:port of a machine that is nobody's. */
export function readHost(scope: Scope, value: Json | undefined, pointer: string): string | null {
  const host = readText(value);
  if (host === undefined) return null;
  if (/^[^\s:]+:[0-9]+$/.test(host)) return host;
  checkNode(scope, host, pointer);
  return host;
}
