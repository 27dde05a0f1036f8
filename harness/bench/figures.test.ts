import { describe, expect, test } from "@jest/globals";
import { exampleCase } from "../given/example-case.ts";
import type { Evidence, StepRecord, TaskStart } from "../observe/index.ts";
import { median, overheadMs, percentile } from "./figures.ts";

test("the median of an even number of values lies between the two in the middle", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([])).toBeNaN();
});

test("a percentile is one of the values", () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2);
  expect(percentile([4, 1, 3, 2], 0.99)).toBe(4);
  expect(percentile([4, 1, 3, 2], 1)).toBe(4);
  expect(percentile([], 0.5)).toBeNaN();
});

describe("the overhead of a case", () => {
  const start = (startedAtMs: number, finishedAtMs: number): TaskStart => ({
    workflow: "w",
    task: "A",
    workflowInstanceId: 1,
    taskInstanceId: 1,
    run: 1,
    startedAtMs,
    finishedAtMs,
    exitCode: 0,
    overlaps: [],
  });
  const death: StepRecord = {
    id: "death",
    pointer: "",
    action: "kill",
    firedAtMs: 200,
    landedAtMs: 200,
    undoneAtMs: undefined,
    hit: [{ node: "master-1", incarnation: "x" }],
    proof: undefined,
  };
  const evidence = (starts: readonly TaskStart[], steps: readonly StepRecord[]): Evidence => ({
    case: exampleCase({}),
    tier: "embedded",
    registryKind: "jdbc",
    sessionTimeoutMs: 1000,
    seed: 1,
    workDirectory: "",
    nodes: [],
    steps,
    history: [],
    snapshot: { atMs: 0, tables: {}, registry: [], starts, processes: [], logs: {} },
    trouble: undefined,
  });

  test("leaves out tasks, each moment once, and the time that the end has to stay", () => {
    expect(overheadMs(evidence([start(100, 300), start(200, 400)], []), 2000)).toBe(2000 - 1000 - 300);
  });

  test("leaves out the time until a task was broken that never finished", () => {
    const broken = { ...start(0, 0), finishedAtMs: undefined };
    expect(overheadMs(evidence([broken], [death]), 3000)).toBe(3000 - 1000 - 200 - 1000);
  });

  test("leaves out one session for a death, but not twice what tasks cover", () => {
    expect(overheadMs(evidence([start(100, 700)], [death]), 3000)).toBe(3000 - 1000 - 1100);
  });
});
