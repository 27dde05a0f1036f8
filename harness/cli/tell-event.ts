import type { HistoryEvent } from "../observe/index.ts";
import type { Terminal } from "./terminal.ts";

/** Fields that every event has and that a reader of one line does not need. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "source",
  "type",
  "atMs",
  "nodeName",
  "seq",
  "node",
  "incarnation",
  "wallMs",
  "monoMs",
]);

/** Prints events while they happen, one line each: `--verbose`. */
export function tellEvent({ write, colors }: Terminal): (caseName: string, event: HistoryEvent) => void {
  return (caseName, event) => {
    const at = `${(event.atMs / 1000).toFixed(3)}s`.padStart(9);
    const who = event.source === "node" ? event.nodeName : event.source;
    const fields = Object.entries(event).filter(([name]) => !LEFT_OUT.has(name));
    const words = fields.map(
      ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    write(`${colors.dim(at)}  ${who.padEnd(10)} ${event.type} ${words.join(" ")}  ${colors.dim(caseName)}\n`);
  };
}
