import type { LogConfig } from "../config/index.ts";
import type { EventType, NodeEvent } from "../model/index.ts";

type Level = LogConfig["level"];

/** One entry of a node's log. */
export interface LogEntry {
  readonly level: Level;
  readonly message: string;
  /** What the entry is about, by name. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const ORDER: readonly Level[] = ["debug", "info", "warn", "error"];

/** How important an event is to whoever reads the log; the others, what happens to every task, are debug. */
const LEVELS: Partial<Record<EventType, Level>> = {
  "node.ready": "info",
  "node.stopping": "info",
  "cluster.node.joined": "info",
  "cluster.node.left": "info",
  "registry.session.suspended": "warn",
  "registry.session.restored": "info",
  "registry.session.lost": "warn",
  "command.failed": "warn",
  "fence.rejected": "warn",
  "failover.started": "warn",
  "failover.marked": "info",
  "failover.finished": "info",
  "operator.accepted": "info",
  "operator.refused": "info",
  "alert.stored": "info",
  "alert.delivered": "info",
};

/** The entry of an event; its envelope is in every line anyway. */
export function entryOf(event: NodeEvent): LogEntry {
  const { seq: _seq, node: _node, incarnation: _incarnation, wallMs: _wall, monoMs: _mono, ...body } = event;
  if (body.type === "log") return { level: body.level, message: body.message, fields: {} };
  const { type, ...fields } = body;
  return { level: LEVELS[type] ?? "debug", message: type, fields };
}

/** One line, or undefined when it is not important enough. */
export function formatLine(event: NodeEvent, config: LogConfig): string | undefined {
  const { level, message, fields } = entryOf(event);
  if (ORDER.indexOf(level) < ORDER.indexOf(config.level)) return undefined;
  const { node, incarnation } = event;
  const time = new Date(event.wallMs).toISOString();
  if (config.format === "json") return JSON.stringify({ time, level, node, incarnation, message, ...fields });
  const said = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  // A message of several lines stays one entry.
  return [time, level.padEnd(5), node, message.replaceAll("\n", "\\n"), ...said].join(" ");
}
