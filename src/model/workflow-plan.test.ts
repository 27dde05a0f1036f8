import { describe, expect, test } from "@jest/globals";
import { buildGraph } from "./graph.ts";
import type { TaskState } from "./task-state.ts";
import {
  type ActiveWorkflowState,
  type PlannedAction,
  planWorkflow,
  type TaskView,
} from "./workflow-plan.ts";

const A = 1;
const B = 2;
const C = 3;
const D = 4;
const names = new Map([
  [A, "A"],
  [B, "B"],
  [C, "C"],
  [D, "D"],
]);

function graphOf(...edges: readonly (readonly [number, number])[]) {
  const codes = [...new Set([A, ...edges.flat()])].filter((code) => code !== 0);
  return buildGraph({
    tasks: codes.map((code) => ({ code, name: names.get(code) ?? "?" })),
    relations: edges.map(([pre, post]) => ({ pre, post })),
    startCodes: [],
    depend: "TASK_POST",
  });
}

const single = graphOf([0, A]);

function task(id: number, state: TaskState, more: Partial<TaskView> = {}): TaskView {
  return {
    id,
    state,
    retriesLeft: false,
    retryAtMs: 0,
    delayedUntilMs: 0,
    executor: "confirmed",
    busy: false,
    ...more,
  };
}

function plan(
  state: ActiveWorkflowState,
  tasks: readonly (readonly [number, TaskView])[],
  graph = single,
): readonly PlannedAction[] {
  return planWorkflow({ state, graph, tasks: new Map(tasks), nowMs: 1000 });
}

describe("one task", () => {
  // The fifteen outcomes of DolphinScheduler's failover test, as the owner sees the rows after the take-over.
  const end = (state: string): PlannedAction => ({ kind: "finish", state: state as "SUCCESS" });
  test.each<[ActiveWorkflowState, TaskState, PlannedAction]>([
    ["RUNNING_EXECUTION", "SUBMITTED_SUCCESS", { kind: "dispatch", taskId: 7 }],
    ["RUNNING_EXECUTION", "SUCCESS", end("SUCCESS")],
    ["RUNNING_EXECUTION", "FORCED_SUCCESS", end("SUCCESS")],
    ["RUNNING_EXECUTION", "FAILURE", end("FAILURE")],
    ["RUNNING_EXECUTION", "KILL", end("STOP")],
    ["RUNNING_EXECUTION", "PAUSE", end("PAUSE")],
    ["RUNNING_EXECUTION", "NEED_FAULT_TOLERANCE", { kind: "replace", taskId: 7 }],
    ["READY_PAUSE", "SUBMITTED_SUCCESS", { kind: "park", taskId: 7, to: "PAUSE" }],
    ["READY_PAUSE", "DELAY_EXECUTION", { kind: "park", taskId: 7, to: "PAUSE" }],
    ["READY_PAUSE", "SUCCESS", end("SUCCESS")],
    ["READY_PAUSE", "FAILURE", end("FAILURE")],
    ["READY_PAUSE", "PAUSE", end("PAUSE")],
    ["READY_PAUSE", "KILL", end("STOP")],
    ["READY_STOP", "SUBMITTED_SUCCESS", { kind: "park", taskId: 7, to: "KILL" }],
    ["READY_STOP", "SUCCESS", end("SUCCESS")],
    ["READY_STOP", "FAILURE", end("FAILURE")],
    ["READY_STOP", "KILL", end("STOP")],
    ["READY_STOP", "PAUSE", end("STOP")],
    ["READY_STOP", "RUNNING_EXECUTION", { kind: "kill", taskId: 7 }],
  ])("%s with %s", (state, taskState, expected) => {
    expect(plan(state, [[A, task(7, taskState)]])).toEqual([expected]);
  });

  test.each<ActiveWorkflowState>(["RUNNING_EXECUTION", "READY_PAUSE", "READY_STOP"])(
    "in %s a live attempt on a dead executor is replaced",
    (state) => {
      expect(plan(state, [[A, task(7, "DISPATCH", { executor: "dead" })]])).toEqual([
        { kind: "replace", taskId: 7 },
      ]);
    },
  );

  test("a live attempt that nobody answered for is asked after, not replaced", () => {
    const rows = [[A, task(7, "RUNNING_EXECUTION", { executor: "unresolved" })]] as const;
    expect(plan("RUNNING_EXECUTION", rows)).toEqual([{ kind: "resolve", taskId: 7 }]);
  });

  test("a live attempt that was confirmed is waited for", () => {
    expect(plan("RUNNING_EXECUTION", [[A, task(7, "RUNNING_EXECUTION")]])).toEqual([]);
  });

  test("nothing is done to an attempt with an operation under way, and the workflow does not end", () => {
    expect(plan("RUNNING_EXECUTION", [[A, task(7, "SUCCESS", { busy: true })]])).toEqual([]);
  });

  test("a retry waits for its interval", () => {
    const failed = task(7, "FAILURE", { retriesLeft: true, retryAtMs: 1500 });
    expect(plan("RUNNING_EXECUTION", [[A, failed]])).toEqual([{ kind: "wake", atMs: 1500 }]);
    expect(plan("READY_STOP", [[A, failed]])).toEqual([{ kind: "retry", taskId: 7 }]);
  });

  test("a delayed attempt says so and waits for the rest of its delay", () => {
    const delayed = task(7, "SUBMITTED_SUCCESS", { delayedUntilMs: 1500 });
    expect(plan("RUNNING_EXECUTION", [[A, delayed]])).toEqual([
      { kind: "delay", taskId: 7 },
      { kind: "wake", atMs: 1500 },
    ]);
  });
});

describe("several tasks", () => {
  test("a workflow without rows begins at its roots", () => {
    expect(plan("RUNNING_EXECUTION", [], graphOf([0, A], [A, B], [0, C]))).toEqual([
      { kind: "create", code: A },
      { kind: "create", code: C },
    ]);
  });

  test("a join waits for a branch that has not even started", () => {
    const join = graphOf([0, A], [0, B], [B, C], [A, D], [C, D]);
    const rows = [
      [A, task(1, "SUCCESS")],
      [B, task(2, "RUNNING_EXECUTION")],
    ] as const;
    expect(plan("RUNNING_EXECUTION", rows, join)).toEqual([]);
  });

  test("an independent branch goes on beside a failed one, and then the workflow fails", () => {
    const two = graphOf([0, A], [0, B], [B, C]);
    const failed = [A, task(1, "FAILURE")] as const;
    expect(plan("RUNNING_EXECUTION", [failed, [B, task(2, "SUCCESS")]], two)).toEqual([
      { kind: "create", code: C },
    ]);
    const done = [failed, [B, task(2, "SUCCESS")], [C, task(3, "SUCCESS")]] as const;
    expect(plan("RUNNING_EXECUTION", done, two)).toEqual([{ kind: "finish", state: "FAILURE" }]);
  });

  test("what comes after a failed task is never created", () => {
    expect(plan("RUNNING_EXECUTION", [[A, task(1, "FAILURE")]], graphOf([0, A], [A, B]))).toEqual([
      { kind: "finish", state: "FAILURE" },
    ]);
  });
});

describe("the graph", () => {
  const relations = [
    { pre: 0, post: A },
    { pre: A, post: B },
    { pre: B, post: C },
  ];
  const tasks = [A, B, C].map((code) => ({ code, name: names.get(code) ?? "?" }));
  test.each([
    ["TASK_ONLY", [B]],
    ["TASK_PRE", [A, B]],
    ["TASK_POST", [B, C]],
  ] as const)("from B with %s", (depend, expected) => {
    const graph = buildGraph({ tasks, relations, startCodes: [B], depend });
    expect(graph.nodes.map((node) => node.code)).toEqual(expected);
  });

  test("a cycle is no graph", () => {
    const cycle = [...relations, { pre: C, post: B }];
    expect(() => buildGraph({ tasks, relations: cycle, startCodes: [], depend: "TASK_POST" })).toThrow(
      /cycle/,
    );
  });

  test("an edge to a task that is not there is no graph", () => {
    const dangling = [...relations, { pre: A, post: 99 }];
    expect(() => buildGraph({ tasks, relations: dangling, startCodes: [], depend: "TASK_POST" })).toThrow(
      /99/,
    );
  });
});

describe("a task of a task group", () => {
  const waiting = (slot: TaskView["slot"]) => task(7, "SUBMITTED_SUCCESS", { slot });

  test("asks for a slot before it is handed out, and not before it is due", () => {
    expect(plan("RUNNING_EXECUTION", [[A, waiting("wanted")]])).toEqual([{ kind: "acquire", taskId: 7 }]);
    expect(plan("RUNNING_EXECUTION", [[A, waiting("held")]])).toEqual([{ kind: "dispatch", taskId: 7 }]);
    const delayed = task(7, "DELAY_EXECUTION", { slot: "wanted", delayedUntilMs: 1500 });
    expect(plan("RUNNING_EXECUTION", [[A, delayed]])).toEqual([{ kind: "wake", atMs: 1500 }]);
  });

  test("waits for its turn, and looks from time to time", () => {
    expect(plan("RUNNING_EXECUTION", [[A, waiting("waiting")]])).toEqual([{ kind: "wake", atMs: 11_000 }]);
  });

  test.each([
    ["READY_PAUSE", "PAUSE"],
    ["READY_STOP", "KILL"],
  ] as const)("in %s it leaves the queue with %s", (state, to) => {
    expect(plan(state, [[A, waiting("waiting")]])).toEqual([{ kind: "park", taskId: 7, to }]);
  });
});
