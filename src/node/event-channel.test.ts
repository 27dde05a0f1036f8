import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { createSystemClock } from "../base/index.ts";
import type { NodeEvent } from "../model/index.ts";
import { createEventChannel } from "./event-channel.ts";

const directory = mkdtempSync(path.join(tmpdir(), "failover-events-"));
afterAll(() => rmSync(directory, { recursive: true }));
const clock = createSystemClock();

test("each event is a line with who, when and a number, on record when emit returns", () => {
  const file = path.join(directory, "events");
  const fd = openSync(file, "w");
  const onBroken = () => {
    throw new Error("broken");
  };
  const channel = createEventChannel({ fd, node: "a:1", clock, onBroken });
  channel.identify("i1");
  channel.emit({ type: "node.stopping", reason: "x" });
  channel.identify("i2");
  channel.emit({ type: "log", level: "info", message: "two\nlines" });
  const events = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as NodeEvent);
  closeSync(fd);
  expect(events).toMatchObject([
    { seq: 1, node: "a:1", incarnation: "i1", type: "node.stopping", reason: "x" },
    { seq: 2, node: "a:1", incarnation: "i2", type: "log", message: "two\nlines" },
  ]);
  expect(events[0]?.monoMs).toBeLessThanOrEqual(events[1]?.monoMs ?? 0);
});

test("a channel that nobody reads is told of once; without a channel nothing happens", () => {
  let broken = 0;
  const onBroken = () => {
    broken += 1;
  };
  // Not an open descriptor: as when the reader is gone.
  const channel = createEventChannel({ fd: 9999, node: "a:1", clock, onBroken });
  channel.emit({ type: "node.stopping", reason: "x" });
  channel.emit({ type: "node.stopping", reason: "x" });
  expect(broken).toBe(1);
  createEventChannel({ fd: undefined, node: "a:1", clock, onBroken }).emit({
    type: "node.stopping",
    reason: "x",
  });
  expect(broken).toBe(1);
});
