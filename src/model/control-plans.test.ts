import { describe, expect, test } from "@jest/globals";
import { flawOfCommand, nextRunOf, parseScheduleTime, readCommandParam } from "./command-param.ts";
import { planRevival } from "./revival-plan.ts";
import { planTimeouts, type TimedTask } from "./timeout-plan.ts";

describe("parameters of a command", () => {
  const kept = JSON.stringify({
    startNodes: [1],
    commandParams: [
      { prop: "a", value: "1" },
      { prop: "b", value: "2" },
    ],
    timeZone: "Z",
  });

  test("a repeat's come in front and its start nodes take the place of the instance's", () => {
    const param = JSON.stringify({ startNodes: [2], commandParams: [{ prop: "a", value: "9" }] });
    const next = nextRunOf({ type: "REPEAT_RUNNING", param, depend: 0 }, { param: kept });
    expect(next.taskDependType).toBe(0);
    expect(JSON.parse(next.commandParam ?? "")).toMatchObject({
      startNodes: [2],
      commandParams: [
        { prop: "b", value: "2" },
        { prop: "a", value: "9" },
      ],
      timeZone: "Z",
    });
  });

  test("a recovery's start nodes choose what is recovered and do not stay", () => {
    const param = JSON.stringify({ startNodes: [2], commandParams: [{ prop: "c", value: "3" }] });
    const next = nextRunOf({ type: "START_FAILURE_TASK_PROCESS", param, depend: 0 }, { param: kept });
    expect(next.taskDependType).toBeNull();
    expect(JSON.parse(next.commandParam ?? "")).toMatchObject({ startNodes: [1] });
  });

  test("a command that says nothing leaves everything as it was", () => {
    const next = nextRunOf({ type: "REPEAT_RUNNING", param: null, depend: 2 }, { param: kept });
    expect(next).toEqual({ commandParam: null, taskDependType: null, changes: {} });
  });

  test("only what is no JSON object is refused", () => {
    expect(readCommandParam("[1]")).toBeUndefined();
    expect(readCommandParam("{")).toBeUndefined();
    expect(readCommandParam('{"startNodes":null,"commandParams":7}')).toMatchObject({ startNodes: [] });
    expect(flawOfCommand("REPEAT_RUNNING", "{")).toMatch(/no JSON object/);
    expect(flawOfCommand("START_PROCESS", "{")).toBeUndefined();
    expect(flawOfCommand("COMPLEMENT_DATA", '{"backfillTimeList":["x"]}')).toMatch(/not every entry/);
  });

  test("dates are days that there are", () => {
    expect(parseScheduleTime("2024-02-29 01:02:03")).toBe(Date.UTC(2024, 1, 29, 1, 2, 3));
    expect(parseScheduleTime("2024-02-30")).toBeUndefined();
    expect(parseScheduleTime("yesterday")).toBeUndefined();
  });
});

describe("what a recovery revives", () => {
  const edges = [
    { pre: 0, post: 1 },
    { pre: 1, post: 2 },
    { pre: 2, post: 3 },
    { pre: 0, post: 4 },
  ];
  const task = (code: number, found: "paused" | "failed" | "other") => ({ id: code * 10, code, found });

  test("everything that can be, and what came after it is done again", () => {
    const tasks = [task(1, "failed"), task(2, "other"), task(4, "paused")];
    expect(planRevival({ tasks, edges, chosen: [], depend: "TASK_POST" })).toEqual({
      resume: [40],
      replace: [10],
      invalidate: [20],
    });
  });

  test.each([
    // What comes after a task that is done again is done again too, whatever the direction.
    ["TASK_ONLY", [20, 30]],
    ["TASK_PRE", [10, 20, 30]],
    ["TASK_POST", [20, 30]],
  ] as const)("from task 2 by %s", (depend, again) => {
    // Failed rows that do not follow each other, or they would be done again anyway.
    const lone = edges.filter(({ pre }) => pre === 0);
    const tasks = [task(1, "failed"), task(2, "failed"), task(3, "failed"), task(4, "failed")];
    const { replace, invalidate } = planRevival({ tasks, edges, chosen: [2], depend });
    expect([...replace, ...invalidate].toSorted((left, right) => left - right)).toEqual(again);
    expect(planRevival({ tasks, edges: lone, chosen: [2], depend }).replace).toEqual([20]);
  });
});

describe("time-outs", () => {
  const task = (more: Partial<TimedTask>): TimedTask => ({
    id: 1,
    state: "RUNNING_EXECUTION",
    timeout: { ms: 1000, strategy: "WARNFAILED" },
    startedMs: 10_000,
    dead: false,
    told: false,
    ...more,
  });
  const plan = (nowMs: number, one: TimedTask) =>
    planTimeouts({ nowMs, tasks: [one], timeout: undefined, startedMs: 0, told: false });

  test("are counted from the start, whoever counts", () => {
    expect(plan(10_400, task({}))).toEqual([{ kind: "wake", atMs: 11_000 }]);
    expect(plan(11_000, task({}))).toEqual([{ kind: "task", taskId: 1, warn: true, fail: true }]);
    expect(plan(99_000, task({}))).toEqual([{ kind: "task", taskId: 1, warn: true, fail: true }]);
  });

  test("a start in the future began now", () => {
    expect(plan(10_000, task({ startedMs: 50_000 }))).toEqual([{ kind: "wake", atMs: 11_000 }]);
  });

  test.each(["SUCCESS", "FAILURE", "SUBMITTED_SUCCESS", "DISPATCH", "DELAY_EXECUTION"] as const)(
    "an attempt in %s has none",
    (state) => {
      expect(plan(99_000, task({ state }))).toEqual([]);
    },
  );

  test("one that was dealt with, or whose executor is gone, is left alone", () => {
    expect(plan(99_000, task({ told: true }))).toEqual([]);
    expect(plan(99_000, task({ dead: true }))).toEqual([]);
  });

  test.each([
    ["WARN", { warn: true, fail: false }],
    ["FAILED", { warn: false, fail: true }],
    ["WARNFAILED", { warn: true, fail: true }],
  ] as const)("%s of a workflow", (strategy, wanted) => {
    const timeout = { ms: 1000, strategy };
    const workflow = { nowMs: 5000, tasks: [], timeout, startedMs: 1000, told: false };
    expect(planTimeouts(workflow)).toEqual([{ kind: "workflow", ...wanted }]);
    expect(planTimeouts({ ...workflow, told: true })).toEqual([]);
  });
});
