import { describe, expect, test } from "@jest/globals";
import { createEventLines } from "./event-channel.ts";

const event = (seq: number): string =>
  JSON.stringify({ seq, node: "ä:1", incarnation: "i", wallMs: 1, monoMs: 1, type: "log", level: "info" });

describe("event lines", () => {
  test("are put together from any pieces, in the middle of a character too", () => {
    const bytes = Buffer.from(`${event(1)}\n${event(2)}\n${event(3)}`);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const lines = createEventLines(() => undefined);
      const seen = [...lines.take(bytes.subarray(0, cut)), ...lines.take(bytes.subarray(cut))];
      expect(seen.map(({ seq, node }) => [seq, node])).toEqual([
        [1, "ä:1"],
        [2, "ä:1"],
      ]);
    }
  });

  test("that are no events are handed over", () => {
    const unreadable: string[] = [];
    const lines = createEventLines((line) => unreadable.push(line));
    expect(lines.take(Buffer.from(`hello\n${event(1)}\n{"a":1}\n`))).toHaveLength(1);
    expect(unreadable).toEqual(["hello", '{"a":1}']);
  });
});
