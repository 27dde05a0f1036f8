import { afterEach, describe, expect, test } from "@jest/globals";
import { required, waitUntil } from "../../src/base/index.ts";
import { prepareSteps, runSteps } from "./run-steps.ts";
import {
  clock,
  closeStages,
  hits,
  instance,
  kill,
  ms,
  named,
  openStage,
  order,
  startStage,
  step,
  type TestStage,
  when,
} from "./test-stage.ts";

afterEach(closeStages);

describe("failpoints", () => {
  const at = "failover.batch.inside" as const;
  const reach = (workflowInstanceId: number) => ({ reach: { name: at, workflowInstanceId } });
  /** What the nodes logged, once it is so much. */
  const told = ({ history }: TestStage, count: number): Promise<string[]> =>
    waitUntil({
      clock,
      until: () => {
        const messages = history.events().flatMap((event) => (event.type === "log" ? [event.message] : []));
        return messages.length >= count ? messages : undefined;
      },
      withinMs: 2000,
      describe: `${count} log lines`,
    });

  test("as a moment: armed before a node does anything; held is who is meant, until the action landed", async () => {
    const subject = {
      kind: "failpoint",
      at,
      by: undefined,
      instance: { workflow: "etl", ordinal: null },
      nth: 2,
    } as const;
    const stage = await openStage(
      ["master-1", "master-2"],
      [step("look", { kind: "verify", expect: {}, within: ms(100) }, { when: when(subject) })],
    );
    stage.world.instances = [instance({ id: 5 })];
    const prepared = prepareSteps({
      ...stage.options,
      verify: async () => {
        order(stage, "master-2", { emit: { type: "log", level: "info", message: "verified" } });
        await told(stage, 3);
        return undefined;
      },
    });
    await stage.cluster.start();
    order(stage, "master-1", reach(4));
    order(stage, "master-1", reach(5));
    clock.setTimer(100, () => order(stage, "master-2", reach(5)));
    const { trouble } = await prepared.run(Promise.resolve());
    expect(trouble).toBeUndefined();
    expect(await told(stage, 4)).toEqual(["released 1", "released 2", "verified", "released 1"]);
  });

  test("as a moment after a kill: what comes at once counts, what came before does not", async () => {
    const subject = { kind: "failpoint", at, by: undefined, instance: undefined, nth: 1 } as const;
    const stage = await startStage(
      ["master-1", "master-2"],
      [step("death", kill(named("master-1"))), step("next", kill({ kind: "it" }), { when: when(subject) })],
    );
    order(stage, "master-2", { ...reach(1), emit: { type: "log", level: "info", message: "early" } });
    await told(stage, 1);
    const steps = runSteps(stage.options);
    await waitUntil({
      clock,
      until: () => stage.history.events().find(({ type }) => type === "step.landed"),
      withinMs: 2000,
      describe: "the first landing",
    });
    order(stage, "master-2", reach(1));
    expect(hits(await steps)).toEqual([["master-1"], ["master-2"]]);
  });

  test("as an action, die: the process is gone by this step, alone", async () => {
    const stage = await startStage(
      ["master-1", "master-2"],
      [step("death", { kind: "failpoint", at, do: "die", by: undefined, nth: undefined, delay: undefined })],
    );
    const steps = runSteps(stage.options);
    clock.setTimer(50, () => order(stage, "master-2", reach(1)));
    const result = await steps;
    expect(hits(result)).toEqual([["master-2"]]);
    expect(result.steps[0]?.proof).toContain("is gone");
    expect(stage.cluster.records()[1]?.lives[0]).toMatchObject({ signal: "SIGKILL", endedBy: "death" });
    order(stage, "master-1", reach(1));
    order(stage, "master-1", { emit: { type: "log", level: "info", message: "alive" } });
    expect(await told(stage, 1)).toEqual(["alive"]);
  });

  test("as an action, die: of two that come at once only one dies", async () => {
    const stage = await startStage(
      ["master-1", "master-2"],
      [step("death", { kind: "failpoint", at, do: "die", by: undefined, nth: undefined, delay: undefined })],
    );
    const steps = runSteps(stage.options);
    clock.setTimer(50, () => {
      order(stage, "master-1", reach(1));
      order(stage, "master-2", reach(1));
    });
    expect(hits(await steps)[0]).toHaveLength(1);
    expect(stage.cluster.nodes.filter(({ running }) => running.length === 1)).toHaveLength(1);
    expect(await told(stage, 1)).toEqual(["released 1"]);
  });

  test("as the first action: armed before any node starts, and what it hits need not get up", async () => {
    const action = { kind: "failpoint", at, do: "die", nth: undefined, delay: undefined } as const;
    const stage = await openStage(
      ["master-1", "master-2"],
      [step("death", { ...action, by: named("master-2") })],
    );
    const prepared = prepareSteps(stage.options);
    await stage.cluster.start((process) => prepared.isHit(process));
    order(stage, "master-2", reach(1));
    await waitUntil({
      clock,
      until: () =>
        prepared.isHit(required(stage.cluster.node("master-2").processes[0], "a process")) || undefined,
      withinMs: 2000,
      everyMs: 5,
      describe: "the failpoint to be reached before the steps run",
    });
    expect(hits(await prepared.run(Promise.resolve()))).toEqual([["master-2"]]);
  });

  test("as an action, hold for: released when its time is over; one that nobody reaches has not landed", async () => {
    const action = {
      kind: "failpoint",
      at,
      do: "hold",
      by: undefined,
      nth: undefined,
      delay: undefined,
    } as const;
    const stage = await startStage(
      ["master-1"],
      [step("hold", action, { for: ms(50) }), step("never", action, { landsWithin: ms(50) })],
    );
    clock.setTimer(50, () => order(stage, "master-1", reach(1)));
    const { trouble } = await runSteps(stage.options);
    expect(trouble).toMatchObject({ code: "fault-not-landed", pointer: "/inject/never" });
    expect(await told(stage, 1)).toEqual(["released 1"]);
  });
});
