import { expect, test } from "@jest/globals";
import { judgeWait, type WaitForWorker } from "./dispatch-limit.ts";

const WAIT: WaitForWorker = { sinceMs: 1000, limitMs: 500, notBeforeMs: 0, nowMs: 1400, group: "unserved" };

test.each<[string, Partial<WaitForWorker>, ReturnType<typeof judgeWait>]>([
  ["without a limit it waits for ever", { limitMs: 0, nowMs: 1e9 }, { kind: "wait", lookAtMs: undefined }],
  [
    "... also for a group that nobody knows",
    { limitMs: 0, group: "unknown" },
    { kind: "wait", lookAtMs: undefined },
  ],
  ["in time", {}, { kind: "wait", lookAtMs: 1500 }],
  ["too long", { nowMs: 1500 }, { kind: "no-worker" }],
  ["a worker is there after all", { nowMs: 1500, group: "served" }, { kind: "wait", lookAtMs: 2500 }],
  ["an unknown group is given up at once", { group: "unknown", nowMs: 1000 }, { kind: "unknown-group" }],
  ["a new master looks round first", { nowMs: 1500, notBeforeMs: 1600 }, { kind: "wait", lookAtMs: 1600 }],
  [
    "... before it says unknown, too",
    { nowMs: 1500, notBeforeMs: 1600, group: "unknown" },
    { kind: "wait", lookAtMs: 1600 },
  ],
  ["a start far in the future is damage", { sinceMs: 9000 }, { kind: "no-worker" }],
])("%s", (_what, changes, verdict) => {
  expect(judgeWait({ ...WAIT, ...changes })).toEqual(verdict);
});
