import { describe, expect, test } from "@jest/globals";
import { type ChildView, followChild, planChildStart } from "./child-plan.ts";
import type { WorkflowState } from "./workflow-state.ts";

const child = (state: WorkflowState, more: Partial<ChildView> = {}): ChildView => ({
  state,
  owned: true,
  commanded: false,
  orders: [],
  ...more,
});
const neverStarted = child("SUBMITTED_SUCCESS", { owned: false });

describe("an attempt that begins", () => {
  test("goes on with the child that it has, whatever has become of it", () => {
    for (const state of ["RUNNING_EXECUTION", "FAILOVER", "SUCCESS", "FAILURE", "PAUSE", "STOP"] as const) {
      expect(planChildStart("RUNNING_EXECUTION", child(state))).toBe("keep");
      expect(planChildStart("READY_STOP", child(state))).toBe("keep");
    }
    expect(planChildStart("READY_STOP", { ...neverStarted, commanded: true })).toBe("keep");
  });

  test("begins a new one when there is none, or none that will ever start; unless the workflow ends", () => {
    for (const none of [undefined, neverStarted]) {
      expect(planChildStart("RUNNING_EXECUTION", none)).toBe("create");
      expect(planChildStart("READY_PAUSE", none)).toBe("PAUSE");
      expect(planChildStart("READY_STOP", none)).toBe("KILL");
    }
  });
});

describe("a live attempt", () => {
  test.each([
    ["SUCCESS", "SUCCESS"],
    ["FAILURE", "FAILURE"],
    ["PAUSE", "PAUSE"],
    ["STOP", "KILL"],
  ] as const)(
    "of a child in %s ends as %s, but not while a command waits for that one",
    (state, expected) => {
      expect(followChild("RUNNING_EXECUTION", child(state))).toEqual({ kind: "end", state: expected });
      expect(followChild("READY_STOP", child(state))).toEqual({ kind: "end", state: expected });
      expect(followChild("RUNNING_EXECUTION", child(state, { commanded: true }))).toEqual({ kind: "wait" });
    },
  );

  test("waits for a child that is under way", () => {
    for (const state of ["RUNNING_EXECUTION", "FAILOVER", "READY_STOP", "SERIAL_WAIT"] as const)
      expect(followChild("RUNNING_EXECUTION", child(state))).toEqual({ kind: "wait" });
    expect(followChild("RUNNING_EXECUTION", { ...neverStarted, commanded: true })).toEqual({ kind: "wait" });
  });

  test("hands an order on until the child has it; a stop beats a pause", () => {
    const stop = { kind: "order", order: "STOP" };
    const pause = { kind: "order", order: "PAUSE" };
    for (const state of ["RUNNING_EXECUTION", "FAILOVER"] as const) {
      expect(followChild("READY_STOP", child(state))).toEqual(stop);
      expect(followChild("READY_PAUSE", child(state))).toEqual(pause);
      expect(followChild("READY_STOP", child(state, { orders: ["STOP"] }))).toEqual({ kind: "wait" });
      expect(followChild("READY_STOP", child(state, { orders: ["PAUSE"] }))).toEqual(stop);
      expect(followChild("READY_PAUSE", child(state, { orders: ["STOP"] }))).toEqual({ kind: "wait" });
    }
    expect(followChild("READY_STOP", child("READY_PAUSE"))).toEqual(stop);
    expect(followChild("READY_PAUSE", child("READY_PAUSE"))).toEqual({ kind: "wait" });
    expect(followChild("READY_PAUSE", child("READY_STOP"))).toEqual({ kind: "wait" });
    expect(followChild("READY_STOP", { ...neverStarted, commanded: true })).toEqual(stop);
  });

  test("is lost when its child is gone or nobody will start it", () => {
    expect(followChild("RUNNING_EXECUTION", undefined)).toMatchObject({ kind: "lost" });
    expect(followChild("READY_STOP", neverStarted)).toMatchObject({ kind: "lost" });
  });
});
