import type { HistoryEvent } from "../observe/evidence.ts";
import type { Facts } from "./facts.ts";

const ENVELOPE = new Set([
  "source",
  "nodeName",
  "atMs",
  "seq",
  "node",
  "incarnation",
  "wallMs",
  "monoMs",
  "type",
]);

/** "2.314 s" since the case's start. */
export function showTime(atMs: number): string {
  return `${(atMs / 1000).toFixed(3)} s`;
}

/** An event in one line: "2.314 s master-2 task.state extract RUNNING_EXECUTION -> SUCCESS (attempt 3, epoch 2)". */
export function describeEvent(event: HistoryEvent, facts: Pick<Facts, "nameOf">): string {
  const who = event.source === "node" ? event.nodeName : event.source;
  const time = showTime(event.atMs).padStart(9);
  return `${time}  ${who.padEnd(10)} ${event.type}${bodyOf(event, facts)}`;
}

function bodyOf(event: HistoryEvent, facts: Pick<Facts, "nameOf">): string {
  if (event.source === "node" && (event.type === "task.state" || event.type === "workflow.state")) {
    const subject =
      event.type === "task.state"
        ? `${event.taskName}: attempt ${event.taskInstanceId} of instance ${event.workflowInstanceId}`
        : `instance ${event.workflowInstanceId}`;
    return ` ${event.from ?? "new"} -> ${event.state} (${subject}, epoch ${event.epoch})`;
  }
  const fields = Object.entries(event).filter(([name, value]) => !ENVELOPE.has(name) && value !== undefined);
  return fields
    .map(
      ([name, value]) =>
        ` ${name}=${typeof value === "string" ? facts.nameOf(value) : JSON.stringify(value)}`,
    )
    .join("");
}
