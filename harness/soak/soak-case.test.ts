import { describe, expect, test } from "@jest/globals";
import { createSeededRandom } from "../../src/base/index.ts";
import { planDisturbances } from "./plan-disturbances.ts";
import { soakCase } from "./soak-case.ts";

describe("the disturbances", () => {
  const plan = (seed: number) => planDisturbances({ random: createSeededRandom(seed), durationMs: 60_000 });

  test("are the same for the same seed, and others for another", () => {
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  test("come every few seconds, of each kind, and all of them end", () => {
    const steps = plan(3);
    expect(steps.length).toBeGreaterThan(15);
    expect(steps.length).toBeLessThan(75);
    expect(new Set(steps.map(({ action }) => action.kind))).toEqual(new Set(["kill", "pause", "stop"]));
    expect(steps.filter((step) => step.for === undefined)).toEqual([]);
  });
});

test("a soak has as many nodes as were asked for, the workload's shapes, and can run", () => {
  const resolved = soakCase({ minutes: 1, masters: 2, workers: 3, seed: 1 });
  expect(resolved.cluster.nodes.map(({ name }) => name)).toEqual([
    "master-1",
    "master-2",
    "worker-1",
    "worker-2",
    "worker-3",
  ]);
  expect(resolved.unsupported).toEqual([]);
  expect(resolved.database.workflows.length).toBeGreaterThan(5);
});
