import type { InstanceRef, Json, NodeGroup, Selector, Service, Target } from "../resolved-case.ts";
import { isList, isRecord, readText } from "./read-json.ts";
import { parseInstanceRef, parseTaskRef } from "./references.ts";

const NODE_GROUPS: readonly string[] = ["masters", "workers", "alertServers", "nodes"];

/**
 * The selector that a raw value of a case stands for: a name, `it`, a role, a list. For the sections that stay as they
 * were written (`expect`); says nothing about whether its names exist.
 */
export function readSelector(value: Json | undefined): Selector {
  if (isList(value)) return { kind: "list", of: value.map(readSelector) };
  if (!isRecord(value)) {
    const name = readText(value) ?? "";
    return name === "it" ? { kind: "it" } : { kind: "name", name };
  }
  const text = (key: string): string => readText(value[key]) ?? "";
  if (value["ownerOf"] !== undefined) return { kind: "ownerOf", instance: instanceOf(text("ownerOf")) };
  if (value["runnerOf"] !== undefined) {
    const task = parseTaskRef(text("runnerOf")) ?? { ...instanceOf(""), task: "" };
    return { kind: "runnerOf", task };
  }
  if (value["coordinatorOf"] !== undefined) {
    return { kind: "coordinatorOf", of: readSelector(value["coordinatorOf"]) };
  }
  if (value["holderOf"] !== undefined) return { kind: "holderOf", lock: text("holderOf") };
  if (value["activeOf"] !== undefined) {
    return { kind: "activeOf", role: text("activeOf") === "coordinator" ? "coordinator" : "alertServers" };
  }
  if (value["hitBy"] !== undefined) return { kind: "hitBy", step: text("hitBy") };
  for (const kind of ["any", "all", "each"] as const) {
    if (value[kind] === undefined) continue;
    const except = value["except"] === undefined ? undefined : readSelector(value["except"]);
    return { kind, group: groupOf(text(kind)), except };
  }
  return { kind: "name", name: "" };
}

/** A selector, one of the services `registry` and `database`, or a list of both. */
export function readTarget(value: Json | undefined): Target {
  if (value === "registry" || value === "database") return { kind: "service", service: value };
  if (!isList(value)) return readSelector(value);
  const of = value.map(readTarget);
  return of.some((target) => servicesOf(target).length > 0) ? { kind: "targets", of } : readSelector(value);
}

/** The services that a target names. */
export function servicesOf(target: Target): readonly Service[] {
  if (target.kind === "service") return [target.service];
  return target.kind === "targets" ? target.of.flatMap(servicesOf) : [];
}

function instanceOf(text: string): InstanceRef {
  return parseInstanceRef(text) ?? { workflow: "", ordinal: null };
}

function groupOf(word: string): NodeGroup {
  return NODE_GROUPS.includes(word) ? (word as NodeGroup) : "nodes";
}
