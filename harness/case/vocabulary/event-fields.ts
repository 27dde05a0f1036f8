import { CASE_EVENT_TYPES, type CaseEventType } from "../../../src/model/index.ts";

type Field = "by" | "of" | "path" | "instance" | "task" | "state";

/** What an event of each type can be told by. Another field would never match. */
const FIELDS: Readonly<Record<CaseEventType, string>> = {
  "cluster.node.joined": "by of",
  "cluster.node.left": "by of",
  "registry.session.lost": "by",
  "registry.entry.added": "path",
  "registry.entry.removed": "path",
  "command.claimed": "by instance",
  "command.failed": "by instance",
  "workflow.owner": "by instance",
  "workflow.state": "by instance state",
  "task.dispatched": "by of instance task",
  "task.takenOver": "by of instance task",
  "task.started": "by instance task",
  "task.finished": "by instance task",
  "task.state": "by instance task state",
  "failover.started": "by of",
  "failover.marked": "by of",
  "failover.finished": "by of",
  "fence.rejected": "by instance",
  "operator.accepted": "by instance",
  "operator.refused": "by instance",
  "alert.stored": "by of instance",
  "alert.delivered": "by of instance",
};

/** The types that a pattern's `event` stands for: itself, or all of a family ("failover.*"). */
export function typesOfPattern(event: string): readonly CaseEventType[] {
  const prefix = event.endsWith(".*") ? event.slice(0, -1) : undefined;
  return CASE_EVENT_TYPES.filter(
    (type) => type === event || (prefix !== undefined && type.startsWith(prefix)),
  );
}

/** The fields that can match for a pattern's `event`. */
export function fieldsOfPattern(event: string): ReadonlySet<string> {
  return new Set(typesOfPattern(event).flatMap((type) => FIELDS[type].split(" ")));
}

/** All fields of a pattern. */
export const EVENT_FIELDS: readonly Field[] = ["by", "of", "path", "instance", "task", "state"];
