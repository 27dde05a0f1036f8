import type { NodeEvent } from "../../src/model/index.ts";

/** Takes a byte stream of one JSON event per line apart. */
export interface EventLines {
  /** Events that are complete with this piece. */
  take(chunk: Buffer): readonly NodeEvent[];
}

function isNodeEvent(value: unknown): value is NodeEvent {
  return typeof value === "object" && value !== null && "type" in value && "monoMs" in value;
}

function parseLine(line: string): NodeEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isNodeEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A last line without its end is dropped: the process was killed while it wrote. Lines that are no events go to
 * `unreadable`: they are a bug of the node, and must not vanish.
 */
export function createEventLines(unreadable: (line: string) => void): EventLines {
  let rest = Buffer.alloc(0);
  return {
    take(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = bytes.lastIndexOf("\n");
      rest = Buffer.from(bytes.subarray(end + 1));
      if (end < 0) return [];
      const events: NodeEvent[] = [];
      for (const line of bytes.toString("utf8", 0, end).split("\n")) {
        const event = parseLine(line);
        if (event === undefined) unreadable(line);
        else events.push(event);
      }
      return events;
    },
  };
}
