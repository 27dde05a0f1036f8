import { describe, expect, test } from "@jest/globals";
import { type ClaimInput, decideClaim } from "./claim-plan.ts";
import type { CommandType } from "./vocabulary.ts";
import type { WorkflowState } from "./workflow-state.ts";

function input(
  commandType: CommandType | undefined,
  state: WorkflowState,
  more: Partial<ClaimInput> = {},
): ClaimInput {
  return {
    commandType,
    commandCode: null,
    workflow: { state, owned: false, preFailoverState: undefined },
    stateInCommand: undefined,
    openOrders: [],
    ...more,
  };
}

describe("a failover command", () => {
  const failover = (preFailoverState: WorkflowState | undefined, more: Partial<ClaimInput> = {}) =>
    decideClaim(
      input("RECOVER_TOLERANCE_FAULT_PROCESS", "FAILOVER", {
        workflow: { state: "FAILOVER", owned: false, preFailoverState },
        ...more,
      }),
    );

  test.each(["RUNNING_EXECUTION", "READY_PAUSE", "READY_STOP"] as const)("restores %s", (state) => {
    expect(failover(state)).toMatchObject({ kind: "take", state, begins: "no", tasks: "keep" });
  });

  test("takes the state from the command when the row does not say it", () => {
    expect(failover(undefined, { stateInCommand: "READY_PAUSE" })).toMatchObject({
      kind: "take",
      state: "READY_PAUSE",
    });
  });

  test("applies the orders that came while nobody owned the workflow; a stop beats a pause", () => {
    expect(failover("RUNNING_EXECUTION", { openOrders: ["PAUSE"] })).toMatchObject({
      state: "READY_PAUSE",
      ordersApplied: true,
    });
    expect(failover("READY_PAUSE", { openOrders: ["PAUSE", "STOP"] })).toMatchObject({ state: "READY_STOP" });
    expect(failover("READY_STOP", { openOrders: ["PAUSE"] })).toMatchObject({ state: "READY_STOP" });
  });

  test("ends the workflow when nobody can say what it was doing", () => {
    expect(failover(undefined)).toMatchObject({ kind: "refuse", endWorkflow: true });
  });

  test("does not touch a workflow that has an owner", () => {
    const decision = decideClaim(input("RECOVER_TOLERANCE_FAULT_PROCESS", "RUNNING_EXECUTION"));
    expect(decision).toMatchObject({ kind: "refuse", endWorkflow: false });
  });
});

test("a start takes only what was never started", () => {
  expect(decideClaim(input("START_PROCESS", "SUBMITTED_SUCCESS"))).toMatchObject({
    kind: "take",
    begins: "first-run",
  });
  expect(decideClaim(input("START_PROCESS", "RUNNING_EXECUTION"))).toMatchObject({
    kind: "refuse",
    endWorkflow: false,
  });
});

test("a repetition begins anew, a recovery keeps what succeeded; neither disturbs a running workflow", () => {
  expect(decideClaim(input("REPEAT_RUNNING", "SUCCESS"))).toMatchObject({
    tasks: "invalidate",
    begins: "next-run",
  });
  expect(decideClaim(input("START_FAILURE_TASK_PROCESS", "FAILURE"))).toMatchObject({ tasks: "revive" });
  expect(decideClaim(input("RECOVER_SUSPENDED_PROCESS", "PAUSE"))).toMatchObject({ tasks: "revive" });
  expect(decideClaim(input("REPEAT_RUNNING", "RUNNING_EXECUTION")).kind).toBe("refuse");
});

test("an unknown kind of command is refused by its number, and a workflow that only it could start ends", () => {
  const decision = decideClaim(input(undefined, "SUBMITTED_SUCCESS", { commandCode: 99 }));
  expect(decision).toEqual({ kind: "refuse", message: "no handler for command type 99", endWorkflow: true });
  expect(decideClaim(input(undefined, "RUNNING_EXECUTION", { commandCode: 99 }))).toMatchObject({
    endWorkflow: false,
  });
});

test("a command for a workflow that is not there is refused", () => {
  expect(decideClaim({ ...input("START_PROCESS", "SUCCESS"), workflow: undefined }).kind).toBe("refuse");
});

test("a serial instance is called in from SERIAL_WAIT only, and its open orders go with it", () => {
  expect(decideClaim(input("RECOVER_SERIAL_WAIT", "SERIAL_WAIT"))).toMatchObject({
    kind: "take",
    state: "RUNNING_EXECUTION",
    begins: "no",
    tasks: "keep",
  });
  expect(decideClaim(input("RECOVER_SERIAL_WAIT", "SERIAL_WAIT", { openOrders: ["STOP"] }))).toMatchObject({
    state: "READY_STOP",
    ordersApplied: true,
  });
  expect(decideClaim(input("RECOVER_SERIAL_WAIT", "STOP"))).toMatchObject({
    kind: "refuse",
    endWorkflow: false,
  });
});
