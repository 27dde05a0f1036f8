import { afterEach, describe, expect, test } from "@jest/globals";
import { processState } from "../cluster/index.ts";
import { told } from "../expect/evidence-builder.ts";
import { stateAfter } from "./moments.ts";
import { runSteps } from "./run-steps.ts";
import {
  attempt,
  clock,
  closeStages,
  hits,
  instance,
  kill,
  ms,
  named,
  OWNER,
  RUNNING,
  say,
  startStage,
  step,
  when,
} from "./test-stage.ts";

afterEach(closeStages);

describe("when a step comes", () => {
  test("a task's state: fires when the row has it; `it` is the worker that runs it", async () => {
    const { options, cluster, world } = await startStage(
      ["master-1", "worker-1"],
      [step("death", kill({ kind: "it" }), { when: RUNNING })],
    );
    const worker = cluster.node("worker-1").current?.incarnation ?? "";
    world.attempts = [attempt({ state: "DISPATCH" })];
    clock.setTimer(100, () => (world.attempts = [attempt({ workerIncarnation: worker })]));
    const result = await runSteps(options);
    expect(hits(result)).toEqual([["worker-1"]]);
    expect(result.steps[0]?.firedAtMs).toBeGreaterThan(100);
  });

  test("a state that was left before the fault landed is a missed moment", async () => {
    const stage = await startStage(
      ["master-1"],
      [step("death", { kind: "pause", target: OWNER }, { when: RUNNING, for: ms(10_000) })],
    );
    stage.world.attempts = [attempt()];
    // The role comes only when the task has gone on.
    clock.setTimer(80, () => {
      const task = { taskInstanceId: 1, taskName: "A", workflowInstanceId: 1, flag: 1, epoch: 1 };
      say(stage, "master-1", { type: "task.state", state: "SUCCESS", from: "RUNNING_EXECUTION", ...task });
      const incarnation = stage.cluster.node("master-1").current?.incarnation ?? "";
      stage.world.instances = [instance({ ownerIncarnation: incarnation })];
    });
    const { trouble } = await runSteps(stage.options);
    expect(trouble).toMatchObject({
      verdict: "INCONCLUSIVE",
      code: "moment-missed",
      pointer: "/inject/when",
    });
    expect(trouble?.message).toContain("SUCCESS");
    // Undone at once, not in ten seconds.
    expect(processState(stage.cluster.node("master-1").current?.pid ?? 0)).not.toBe("T");
  });

  test("a moment that does not come is missed, with what was there instead", async () => {
    const { options, world } = await startStage(
      ["master-1"],
      [step("death", kill(OWNER), { when: { ...RUNNING, within: ms(50) } })],
    );
    world.attempts = [attempt({ state: "SUCCESS" })];
    const { trouble } = await runSteps(options);
    expect(trouble).toMatchObject({
      verdict: "INCONCLUSIVE",
      code: "moment-missed",
      pointer: "/inject/when",
    });
    expect(trouble?.message).toMatch(/waited \d+ ms for task etl.A in RUNNING_EXECUTION; last seen: SUCCESS/);
  });

  test("the nth event counts from the landing of the step before", async () => {
    const pattern = {
      event: "cluster.node.*" as const,
      by: undefined,
      of: { kind: "hitBy", step: "death" } as const,
      path: undefined,
      instance: undefined,
      task: undefined,
      states: undefined,
    };
    const stage = await startStage(
      ["master-1", "master-2", "worker-1"],
      [
        step("death", kill(named("worker-1"))),
        step("after", kill({ kind: "it" }), { when: when({ kind: "event", pattern, nth: 2 }) }),
      ],
    );
    const ofIncarnation = stage.cluster.node("worker-1").current?.incarnation;
    const left = { type: "cluster.node.left", kind: "worker", of: "127.0.0.1:1234" };
    say(stage, "master-1", { ...left, ofIncarnation });
    clock.setTimer(100, () => {
      say(stage, "master-1", { ...left, ofIncarnation });
      say(stage, "master-1", { ...left, ofIncarnation: "an older life" });
    });
    clock.setTimer(150, () => say(stage, "master-2", { ...left, ofIncarnation }));
    const result = await runSteps(stage.options);
    expect(result.trouble).toBeUndefined();
    expect(hits(result)).toEqual([["worker-1"], ["master-2"]]);
  });

  test("a delay counts from the landing, and a range is drawn", async () => {
    const { options } = await startStage(
      ["master-1", "master-2"],
      [
        step("one", kill(named("master-1"))),
        step("two", kill(named("master-2")), {
          when: when({ kind: "delay" }, { delay: [ms(100), ms(200)] }),
        }),
      ],
    );
    const [one, two] = (await runSteps(options)).steps;
    const gapMs = (two?.firedAtMs ?? 0) - (one?.landedAtMs ?? 0);
    expect(gapMs).toBeGreaterThan(100);
    expect(gapMs).toBeLessThan(300);
  });

  test("nodes and paths: gone, unregistered, present", async () => {
    const { options, cluster, world } = await startStage(
      ["master-1", "master-2"],
      [
        step("death", kill(named("master-1"))),
        step(
          "one",
          { kind: "verify", expect: {}, within: ms(100) },
          {
            when: when({ kind: "node", node: { kind: "hitBy", step: "death" }, is: "unregistered" }),
          },
        ),
        step(
          "two",
          { kind: "verify", expect: {}, within: ms(100) },
          {
            when: when({ kind: "registry", path: "/nodes/failover-finish-nodes/<master-1>", is: "present" }),
          },
        ),
      ],
    );
    const incarnation = cluster.node("master-1").current?.incarnation;
    const record = (path: string) =>
      ({ path, value: "", ephemeral: true, kind: "entry", sessionId: null }) as const;
    world.records = [record(`/nodes/master/127.0.0.1:5678@${incarnation}`)];
    clock.setTimer(100, () => (world.records = [record("/nodes/master/127.0.0.1:5678@a-new-life")]));
    clock.setTimer(200, () => (world.records = [record("/nodes/failover-finish-nodes/127.0.0.1:5678-1-x")]));
    const { steps, trouble } = await runSteps(options);
    expect(trouble).toBeUndefined();
    expect(steps[1]?.firedAtMs).toBeLessThan(steps[2]?.firedAtMs ?? 0);
    expect(steps[2]?.firedAtMs).toBeGreaterThan(190);
  });
});

test("a state that was seen is left by what comes after it, not by what is told late of the way to it", () => {
  const change = (
    from: "SUBMITTED_SUCCESS" | "DELAY_EXECUTION" | null,
    state: "SUBMITTED_SUCCESS" | "DISPATCH",
  ) =>
    told("master-1", 1, {
      type: "task.state",
      workflowInstanceId: 1,
      taskInstanceId: 1,
      taskName: "A",
      state,
      from,
      flag: 1,
      epoch: 1,
    });
  const onTheWay = change(null, "SUBMITTED_SUCCESS");
  const left = change("DELAY_EXECUTION", "DISPATCH");
  expect(stateAfter([onTheWay], ["DELAY_EXECUTION"])).toBeUndefined();
  expect(stateAfter([onTheWay, left], ["DELAY_EXECUTION"])).toBe("DISPATCH");
  expect(stateAfter([left], ["DELAY_EXECUTION", "DISPATCH"])).toBeUndefined();
});
