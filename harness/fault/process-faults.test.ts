import { afterEach, describe, expect, test } from "@jest/globals";
import type { Action } from "../case/resolved-case.ts";
import { processState } from "../cluster/index.ts";
import { runSteps } from "./run-steps.ts";
import { closeStages, hits, kill, ms, named, startStage, step, when } from "./test-stage.ts";

afterEach(closeStages);

describe("process actions", () => {
  test("kill: the pid is gone, and the life says by whom", async () => {
    const { options, cluster } = await startStage(
      ["master-1", "master-2"],
      [step("death", kill(named("master-1")))],
    );
    const { pid, incarnation } = cluster.node("master-1").current ?? { pid: 0, incarnation: "" };
    const { steps, trouble } = await runSteps(options);
    expect(trouble).toBeUndefined();
    expect(processState(pid)).toBeUndefined();
    expect(steps).toMatchObject([
      {
        id: "death",
        action: "kill master-1",
        hit: [{ node: "master-1", incarnation }],
        proof: `pid ${pid} is gone, ended by SIGKILL`,
        undoneAtMs: undefined,
      },
    ]);
    expect(cluster.records()[0]?.lives).toMatchObject([{ pid, endedBy: "death", signal: "SIGKILL" }]);
  });

  test("pause for: stopped in the kernel, resumed when its time is over; the next step does not wait", async () => {
    const { options, cluster, history } = await startStage(
      ["master-1"],
      [
        step("freeze", { kind: "pause", target: named("master-1") }, { for: ms(150) }),
        step("look", { kind: "verify", expect: {}, within: ms(1000) }),
      ],
    );
    const process = cluster.node("master-1").current;
    const states: (string | undefined)[] = [];
    const result = await runSteps({
      ...options,
      verify: async () => {
        states.push(processState(process?.pid ?? 0));
        return undefined;
      },
    });
    expect(result.trouble).toBeUndefined();
    expect(states).toEqual(["T"]);
    expect(processState(process?.pid ?? 0)).not.toBe("T");
    const [freeze, look] = result.steps;
    expect(look?.landedAtMs).toBeLessThan(freeze?.undoneAtMs ?? 0);
    expect((freeze?.undoneAtMs ?? 0) - (freeze?.landedAtMs ?? 0)).toBeGreaterThanOrEqual(150);
    const told = history.events().filter(({ source }) => source === "harness");
    expect(told.map(({ type }) => type)).toEqual(["step.landed", "step.landed", "step.undone"]);
  });

  test("kill for: started again; a step can wait for that", async () => {
    const { options, cluster } = await startStage(
      ["master-1"],
      [
        step("death", kill(named("master-1")), { for: ms(50) }),
        step("again", kill({ kind: "hitBy", step: "death" }), {
          when: when({ kind: "step", step: "death", is: "undone" }),
        }),
      ],
    );
    const result = await runSteps(options);
    expect(result.trouble).toBeUndefined();
    expect(cluster.records()[0]?.lives.map(({ endedBy }) => endedBy)).toEqual(["death", "again"]);
  });

  test("stop, start, restart, replace: each is proved by a process", async () => {
    const action = (kind: "stop" | "start" | "restart"): Action => ({ kind, target: named("master-1") });
    const { options, cluster } = await startStage(
      ["master-1"],
      [
        step("stop", action("stop")),
        step("start", action("start")),
        step("restart", action("restart")),
        step("replace", { kind: "replace", target: named("master-1") }),
      ],
    );
    const result = await runSteps(options);
    expect(result.trouble).toBeUndefined();
    const node = cluster.node("master-1");
    expect(node.record().lives.map(({ exitCode }) => exitCode)).toEqual([0, 0, undefined, undefined]);
    expect(node.running).toHaveLength(2);
    expect(result.steps[3]?.hit).toEqual([{ node: "master-1", incarnation: node.current?.incarnation }]);
  });

  test("an absent node can be started, whoever it is", async () => {
    const { options } = await startStage(
      ["master-1", "master-2 absent"],
      [step("start", { kind: "start", target: { kind: "any", group: "masters", except: undefined } })],
    );
    expect(hits(await runSteps(options))).toEqual([["master-2"]]);
  });

  test("a frozen process killed meanwhile is not resumed at the end", async () => {
    const { options } = await startStage(
      ["master-1"],
      [
        step("freeze", { kind: "pause", target: named("master-1") }, { for: ms(100) }),
        step("death", kill({ kind: "hitBy", step: "freeze" })),
      ],
    );
    expect((await runSteps(options)).trouble).toBeUndefined();
  });
});
