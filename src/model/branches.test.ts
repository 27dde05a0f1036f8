import { describe, expect, test } from "@jest/globals";
import type { Branching } from "./branches.ts";
import { buildGraph } from "./graph.ts";
import type { TaskState } from "./task-state.ts";
import {
  type ActiveWorkflowState,
  type PlannedAction,
  planWorkflow,
  type TaskView,
} from "./workflow-plan.ts";

const [A, CHOOSE, GOOD, BAD, NEXT, JOIN] = [1, 2, 3, 4, 5, 6] as const;

interface Situation {
  readonly edges: readonly (readonly [number, number])[];
  readonly rows: Readonly<Record<number, TaskState>>;
  readonly closed?: readonly number[];
  readonly conditions?: readonly number[];
  readonly state?: ActiveWorkflowState;
  readonly retriesLeft?: boolean;
  readonly holdsChild?: boolean;
}

function plan(situation: Situation): readonly PlannedAction[] {
  const codes = [...new Set(situation.edges.flat())].filter((code) => code > 0);
  const graph = buildGraph({
    tasks: codes.map((code) => ({ code, name: String(code) })),
    relations: situation.edges.map(([pre, post]) => ({ pre, post })),
    startCodes: [],
    depend: "TASK_POST",
  });
  const view = ([code, state]: readonly [string, TaskState]): readonly [number, TaskView] => [
    Number(code),
    {
      id: Number(code) * 10,
      state,
      retriesLeft: situation.retriesLeft ?? false,
      retryAtMs: 0,
      delayedUntilMs: 0,
      executor: "confirmed",
      busy: false,
      holdsChild: situation.holdsChild ?? false,
    },
  ];
  const branching: Branching = {
    conditions: new Set(situation.conditions ?? [CHOOSE]),
    closed: new Map([[CHOOSE, new Set(situation.closed ?? [])]]),
  };
  const tasks = new Map(Object.entries(situation.rows).map(view));
  return planWorkflow({ state: situation.state ?? "RUNNING_EXECUTION", graph, tasks, nowMs: 0, branching });
}

const fork = [
  [0, A],
  [A, CHOOSE],
  [CHOOSE, GOOD],
  [CHOOSE, BAD],
  [BAD, NEXT],
] as const;
const create = (code: number): PlannedAction => ({ kind: "create", code });
const end = (state: "SUCCESS" | "FAILURE" | "PAUSE"): PlannedAction => ({ kind: "finish", state });

describe("a branch that was not chosen", () => {
  test("is skipped, with all that only it leads to", () => {
    const decided = { edges: fork, rows: { [A]: "SUCCESS", [CHOOSE]: "SUCCESS" }, closed: [BAD] } as const;
    expect(plan(decided)).toEqual([create(GOOD)]);
    expect(plan({ ...decided, rows: { ...decided.rows, [GOOD]: "SUCCESS" } })).toEqual([end("SUCCESS")]);
  });

  test("does not hold up a join, which waits for the others all the same", () => {
    const edges = [...fork, [NEXT, JOIN], [GOOD, JOIN]] as const;
    const rows = { [A]: "SUCCESS", [CHOOSE]: "SUCCESS" } as const;
    expect(plan({ edges, rows: { ...rows, [GOOD]: "RUNNING_EXECUTION" }, closed: [BAD] })).toEqual([]);
    expect(plan({ edges, rows: { ...rows, [GOOD]: "SUCCESS" }, closed: [BAD] })).toEqual([create(JOIN)]);
    expect(plan({ edges, rows: { ...rows, [GOOD]: "FAILURE" }, closed: [BAD] })).toEqual([end("FAILURE")]);
  });

  test("is run all the same when another way leads to it", () => {
    const edges = [...fork, [GOOD, BAD]] as const;
    const rows = { [A]: "SUCCESS", [CHOOSE]: "SUCCESS", [GOOD]: "SUCCESS" } as const;
    expect(plan({ edges, rows, closed: [BAD] })).toEqual([create(BAD)]);
  });

  test("ends the workflow when everything behind is skipped", () => {
    const rows = { [A]: "SUCCESS", [CHOOSE]: "SUCCESS" } as const;
    expect(plan({ edges: fork, rows, closed: [GOOD, BAD] })).toEqual([end("SUCCESS")]);
  });
});

describe("a failure before CONDITIONS", () => {
  test("is taken up: the deciding task comes next, and the workflow can succeed", () => {
    expect(plan({ edges: fork, rows: { [A]: "FAILURE" } })).toEqual([create(CHOOSE)]);
    const rows = { [A]: "FAILURE", [CHOOSE]: "SUCCESS", [BAD]: "SUCCESS", [NEXT]: "SUCCESS" } as const;
    expect(plan({ edges: fork, rows, closed: [GOOD] })).toEqual([end("SUCCESS")]);
  });

  test("is one when the retries are not used up, when something else follows, or when the branch fails", () => {
    expect(plan({ edges: fork, rows: { [A]: "FAILURE" }, retriesLeft: true })).toEqual([
      { kind: "retry", taskId: 10 },
    ]);
    expect(plan({ edges: [...fork, [A, JOIN]], rows: { [A]: "FAILURE" } })).toEqual([end("FAILURE")]);
    expect(plan({ edges: fork, rows: { [A]: "FAILURE" }, conditions: [] })).toEqual([end("FAILURE")]);
    const rows = { [A]: "FAILURE", [CHOOSE]: "SUCCESS", [BAD]: "FAILURE" } as const;
    expect(plan({ edges: fork, rows, closed: [GOOD] })).toEqual([end("FAILURE")]);
  });

  test("leads to a pause when the deciding task is paused", () => {
    const rows = { [A]: "FAILURE", [CHOOSE]: "PAUSE" } as const;
    expect(plan({ edges: fork, rows, state: "READY_PAUSE" })).toEqual([end("PAUSE")]);
  });
});

test("an attempt that stands for a child is handed on even when the workflow stops: the order goes down through it", () => {
  const waiting = { edges: [[0, A]], rows: { [A]: "SUBMITTED_SUCCESS" }, state: "READY_STOP" } as const;
  expect(plan({ ...waiting, holdsChild: true })).toEqual([{ kind: "dispatch", taskId: 10 }]);
  expect(plan(waiting)).toEqual([{ kind: "park", taskId: 10, to: "KILL" }]);
});
