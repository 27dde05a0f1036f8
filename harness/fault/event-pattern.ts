import {
  type EventPattern,
  formatInstanceRef,
  formatTaskRef,
  type InstanceRef,
  type Selector,
} from "../case/index.ts";
import type { HistoryEvent } from "../observe/index.ts";
import { targetText } from "./describe.ts";
import { matchesPath } from "./registry-path.ts";
import { type SelectorScope, select } from "./selectors.ts";
import { type Hit, type Stage, withAddresses } from "./stage.ts";

/** A pattern with its names looked up: who and which instances are meant now. */
export interface KnownPattern {
  matches(event: HistoryEvent): boolean;
}

const ANYBODY: Omit<SelectorScope, "it"> = { wanted: "any" };

/** A pattern in the words of the case, for messages. */
export function patternText(pattern: EventPattern): string {
  const { by, of, path, instance, task, states } = pattern;
  return [
    `event ${pattern.event}`,
    by && `by ${targetText(by)}`,
    of && `of ${targetText(of)}`,
    path && `at ${path}`,
    instance && `for ${formatInstanceRef(instance)}`,
    task && `for ${formatTaskRef(task)}`,
    states && `with state ${states.join(" or ")}`,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
}

/** Whether an event is said by, or about, one of those that a selector means; a process, where one is meant. */
function isOneOf(hits: readonly Hit[], address: string, incarnation: string | undefined): boolean {
  return hits.some(({ node, process }) => {
    if (node.entry.address !== address) return false;
    return process === undefined || incarnation === undefined || process.wasIncarnation(incarnation);
  });
}

async function meant(stage: Stage, selector: Selector | undefined): Promise<readonly Hit[] | undefined> {
  if (selector === undefined) return undefined;
  const selection = await select(stage, withoutChoice(selector), { it: undefined, ...ANYBODY });
  if (!("found" in selection)) return [];
  // A node by its name or group is meant in all its lives; a role or a hit is one process.
  return namesNodes(selector)
    ? selection.found.map(({ node }) => ({ node, process: undefined }))
    : selection.found;
}

/** In a pattern "any master" is whichever it was, not one that is drawn. */
function withoutChoice(selector: Selector): Selector {
  return selector.kind === "any" || selector.kind === "each" ? { ...selector, kind: "all" } : selector;
}

function namesNodes(selector: Selector): boolean {
  return ["name", "any", "all", "each"].includes(selector.kind);
}

async function idsOf(stage: Stage, ref: InstanceRef | undefined): Promise<ReadonlySet<number> | undefined> {
  if (ref === undefined) return undefined;
  return new Set((await stage.observer.instanceStates(ref)).map(({ id }) => id));
}

function isType(asked: string, type: string): boolean {
  return asked.endsWith(".*") ? type.startsWith(asked.slice(0, -1)) : type === asked;
}

/** Looks up the names of a pattern. To be repeated: rows and roles come and change. */
export async function knowPattern(stage: Stage, pattern: EventPattern): Promise<KnownPattern> {
  const by = await meant(stage, pattern.by);
  const of = await meant(stage, pattern.of);
  const instances = await idsOf(stage, pattern.instance);
  const taskInstances = await idsOf(stage, pattern.task);
  const path = pattern.path === undefined ? undefined : withAddresses(stage, pattern.path);
  const { states, task } = pattern;

  const aboutRows = (event: HistoryEvent): boolean => {
    const id = "workflowInstanceId" in event ? event.workflowInstanceId : undefined;
    if (instances !== undefined && (id === undefined || !instances.has(id))) return false;
    if (taskInstances === undefined) return true;
    return id !== undefined && taskInstances.has(id) && "taskName" in event && event.taskName === task?.task;
  };
  return {
    matches(event) {
      if (!isType(pattern.event, event.type)) return false;
      if (by !== undefined && !(event.source === "node" && isOneOf(by, event.node, event.incarnation)))
        return false;
      if (of !== undefined) {
        const incarnation = "ofIncarnation" in event ? event.ofIncarnation : undefined;
        if (!("of" in event) || event.of === undefined || !isOneOf(of, event.of, incarnation)) return false;
      }
      if (path !== undefined && !("path" in event && matchesPath(path, event.path))) return false;
      if (states !== undefined && !("state" in event && states.includes(event.state))) return false;
      return aboutRows(event);
    },
  };
}
