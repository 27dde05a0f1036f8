import { expect, test } from "@jest/globals";
import type { EventBody, NodeEvent } from "../model/index.ts";
import { formatLine } from "./log-writer.ts";

function said(body: EventBody): NodeEvent {
  return { seq: 1, node: "m:1", incarnation: "i1", wallMs: 0, monoMs: 5, ...body };
}
const LOST = said({ type: "registry.session.lost", reason: "it is over" });

test("a line of JSON has time, level, node, incarnation, message and fields", () => {
  expect(JSON.parse(formatLine(LOST, { format: "json", level: "info" }) ?? "")).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    level: "warn",
    node: "m:1",
    incarnation: "i1",
    message: "registry.session.lost",
    reason: "it is over",
  });
});

test("a line for people has the same, in one line", () => {
  const text = { format: "text", level: "info" } as const;
  expect(formatLine(LOST, text)).toBe(
    "1970-01-01T00:00:00.000Z warn  m:1 registry.session.lost reason=it is over",
  );
  expect(formatLine(said({ type: "log", level: "error", message: "a\nb" }), text)).toContain(
    "error m:1 a\\nb",
  );
});

test("what is less important than the level is left out", () => {
  const task = { workflowInstanceId: 1, taskInstanceId: 2, taskName: "A" };
  const started = said({ type: "task.started", ...task, dispatchNo: 1, pid: 3 });
  expect(formatLine(started, { format: "json", level: "info" })).toBeUndefined();
  expect(formatLine(started, { format: "json", level: "debug" })).toContain('"taskName":"A"');
  expect(formatLine(LOST, { format: "json", level: "error" })).toBeUndefined();
});
