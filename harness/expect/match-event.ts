import { parseInstanceRef, parseTaskRef } from "../case/index.ts";
import type { Json } from "../case/resolved-case.ts";
import type { HistoryEvent } from "../observe/evidence.ts";
import type { JudgeContext } from "./context.ts";
import { isList, isMap, isMatcher, matches, textOf } from "./matchers.ts";
import { matchesNode } from "./selectors.ts";

const MARKERS = "/nodes/failover-finish-nodes/";
const ALL_KEYS = new Set(["event", "by", "of", "path", "instance", "task", "state", "since"]);

/** Whether an event fits a pattern of `history`, `never` or `counts`: all that the pattern names has to fit. */
export function matchesEvent(pattern: Json, event: HistoryEvent, context: JudgeContext): boolean {
  if (!isMap(pattern)) return false;
  return Object.entries(pattern).every(([key, expected]) =>
    ALL_KEYS.has(key) ? fits(key, expected, event, context) : true,
  );
}

function fits(key: string, expected: Json, event: HistoryEvent, context: JudgeContext): boolean {
  const { facts, scope } = context;
  switch (key) {
    case "event":
      return isType(expected, event.type, context);
    case "by":
      return (
        event.source === "node" &&
        matchesNode(expected, { address: event.node, incarnation: event.incarnation }, context)
      );
    case "of":
      return "of" in event && event.of !== undefined && matchesNode(expected, nodeMeant(event), context);
    case "path":
      return "path" in event && isPath(expected, event.path, context);
    case "instance": {
      const ref = parseInstanceRef(textOf(expected));
      const id = "workflowInstanceId" in event ? event.workflowInstanceId : undefined;
      return ref !== undefined && facts.instancesOf(ref).some((one) => one.id === id);
    }
    case "task": {
      const ref = parseTaskRef(textOf(expected));
      if (ref === undefined || !("taskName" in event) || event.taskName !== ref.task) return false;
      return facts.instancesOf(ref).some((one) => one.id === event.workflowInstanceId);
    }
    case "state":
      return (
        "state" in event &&
        (isList(expected) ? expected : [expected]).some((one) => matches(one, event.state, scope))
      );
    default:
      return event.atMs >= sinceOf(expected, context);
  }
}

function nodeMeant(event: HistoryEvent & { readonly of?: string }): {
  address: string | null;
  incarnation?: string;
} {
  const address = event.of ?? null;
  return "ofIncarnation" in event ? { address, incarnation: event.ofIncarnation } : { address };
}

function isType(expected: Json, type: string, context: JudgeContext): boolean {
  if (typeof expected !== "string") return matches(expected, type, context.scope);
  return expected.endsWith(".*") ? type.startsWith(expected.slice(0, -1)) : type === expected;
}

/** A node or a marker of an address is meant whatever its incarnation and start: "/nodes/master/<master-1>". */
function isPath(expected: Json, path: string, context: JudgeContext): boolean {
  if (isMatcher(expected) || typeof expected !== "string") return matches(expected, path, context.scope);
  const asked = context.scope.replaceNodes(expected);
  if (path === asked || path.startsWith(`${asked}@`)) return true;
  return asked.startsWith(MARKERS) && path.startsWith(`${asked}-`);
}

/** When a step landed; later than everything when it never did. */
export function sinceOf(step: Json | undefined, context: JudgeContext): number {
  if (step === undefined) return Number.NEGATIVE_INFINITY;
  const landed = context.facts.evidence.steps.find(({ id }) => id === step)?.landedAtMs;
  return landed ?? Number.POSITIVE_INFINITY;
}
