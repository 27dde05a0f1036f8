import { afterEach, describe, expect, test } from "@jest/globals";
import type { Selector } from "../case/resolved-case.ts";
import { runSteps } from "./run-steps.ts";
import {
  clock,
  closeStages,
  hits,
  instance,
  kill,
  ms,
  named,
  OWNER,
  say,
  startStage,
  step,
  when,
} from "./test-stage.ts";

afterEach(closeStages);

describe("whom a step means", () => {
  const group = (kind: "any" | "all" | "each", except?: Selector): Selector => ({
    kind,
    group: "masters",
    except,
  });

  test("all but one, at once", async () => {
    const { options } = await startStage(
      ["master-1", "master-2", "master-3", "worker-1"],
      [step("deaths", kill(group("all", named("master-2"))))],
    );
    expect(hits(await runSteps(options))).toEqual([["master-1", "master-3"]]);
  });

  test("each, one by one: the next when the last is undone", async () => {
    const { options, cluster } = await startStage(
      ["master-1", "master-2"],
      [step("freeze", { kind: "pause", target: group("each") }, { for: ms(60) })],
    );
    const result = await runSteps(options);
    expect(hits(result)).toEqual([["master-1", "master-2"]]);
    const [one, two] = cluster.records().map(({ lives }) => lives[0]?.pauses[0]);
    expect(two?.fromMs).toBeGreaterThanOrEqual(one?.toMs ?? 0);
  });

  test("any, several times: another one each time, as the dead do not count", async () => {
    const { options } = await startStage(
      ["master-1", "master-2", "master-3"],
      [step("deaths", kill(group("any")), { times: 3, every: ms(20) })],
    );
    const [deaths] = hits(await runSteps(options));
    expect(deaths?.toSorted()).toEqual(["master-1", "master-2", "master-3"]);
  });

  test("the owner: looked up again until its row names somebody who lives", async () => {
    const { options, cluster, world } = await startStage(
      ["master-1", "master-2"],
      [step("one", kill(named("master-1"))), step("two", kill(OWNER), { when: when({ kind: "delay" }) })],
    );
    const [first, second] = cluster.nodes.map((node) => node.current?.incarnation ?? "");
    world.instances = [instance({ ownerIncarnation: first ?? "" })];
    clock.setTimer(150, () => (world.instances = [instance({ ownerIncarnation: second ?? "" })]));
    const result = await runSteps(options);
    expect(result.trouble).toBeUndefined();
    expect(hits(result)).toEqual([["master-1"], ["master-2"]]);
  });

  test("the owner by address, where the row has only that", async () => {
    const { options, world } = await startStage(["master-1", "master-2"], [step("death", kill(OWNER))]);
    world.instances = [instance({ host: "127.0.0.1:5679" })];
    expect(hits(await runSteps(options))).toEqual([["master-2"]]);
  });

  test("who fails it over, and the holder of a lock by its session", async () => {
    const lock = "/lock/master-failover/x";
    const stage = await startStage(
      ["master-1", "master-2", "master-3"],
      [
        step("death", kill(named("master-1"))),
        step("rescuer", {
          kind: "pause",
          target: { kind: "coordinatorOf", of: { kind: "hitBy", step: "death" } },
        }),
        step("holder", { kind: "pause", target: { kind: "holderOf", lock } }),
      ],
    );
    const [dead, , third] = stage.cluster.nodes.map((node) => node.current?.incarnation ?? "");
    stage.world.records = [
      {
        path: `/nodes/master/127.0.0.1:5680@${third}`,
        value: "{}",
        ephemeral: true,
        kind: "entry",
        sessionId: "s3",
      },
      { path: lock, value: "?", ephemeral: true, kind: "lock", sessionId: "s3" },
    ];
    const body = { kind: "master", of: "127.0.0.1:5678" };
    say(stage, "master-3", { type: "failover.started", ...body, ofIncarnation: "somebody else's" });
    say(stage, "master-2", { type: "failover.started", ...body, ofIncarnation: dead });
    const result = await runSteps(stage.options);
    expect(result.trouble).toBeUndefined();
    expect(hits(result)).toEqual([["master-1"], ["master-2"], ["master-3"]]);
  });

  test("nobody in that role is a missed moment, a node that is not there a fault that did not land", async () => {
    const within = { landsWithin: ms(60) };
    const first = await startStage(["master-1"], [step("death", kill(OWNER), within)]);
    expect((await runSteps(first.options)).trouble).toMatchObject({
      verdict: "INCONCLUSIVE",
      code: "moment-missed",
      pointer: "/inject/death",
    });
    await first.close();
    const second = await startStage(["master-1 absent"], [step("death", kill(named("master-1")), within)]);
    const { trouble } = await runSteps(second.options);
    expect(trouble).toMatchObject({ verdict: "INCONCLUSIVE", code: "fault-not-landed" });
    expect(trouble?.message).toContain("master-1: has no process that is running");
  });
});
