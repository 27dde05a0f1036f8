import { afterEach, describe, expect, test } from "@jest/globals";
import { runSteps } from "./run-steps.ts";
import {
  clock,
  closeStages,
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

describe("the other actions", () => {
  test("verify that is not met fails the case", async () => {
    const { options, verdict } = await startStage(
      ["master-1"],
      [step("look", { kind: "verify", expect: {}, within: ms(100) })],
    );
    verdict.problem = "one row is wrong";
    expect((await runSteps(options)).trouble).toEqual({
      verdict: "FAIL",
      code: "verify",
      message: "step look: one row is wrong",
      pointer: "/inject/look/verify",
    });
  });

  test("operate asks a master that lives, and checks the answer", async () => {
    const request = { kind: "pause", instance: { workflow: "etl", ordinal: null } } as const;
    const { options, history, world } = await startStage(
      ["master-1", "master-2"],
      [
        step("freeze", { kind: "pause", target: named("master-1") }),
        step("ask", { kind: "operate", request, via: undefined, answer: "accepted" }),
        step("refuse", { kind: "operate", request, via: named("master-2"), answer: "refused" }),
      ],
    );
    world.instances = [instance({ id: 9 })];
    const { steps, trouble } = await runSteps(options);
    expect(steps[1]?.proof).toBe("master-2 answered: accepted");
    expect(trouble).toMatchObject({ verdict: "FAIL", code: "operator-answer" });
    const [asked] = history.events().flatMap((event) => (event.type === "log" ? [event.message] : []));
    expect(JSON.parse(asked ?? "")).toMatchObject({ request: { kind: "pause", workflowInstanceId: 9 } });
  });

  test("a service that is not the case's own is a skip; its own is broken and repaired", async () => {
    const target = { kind: "service", service: "registry" } as const;
    const { options } = await startStage(
      ["master-1"],
      [step("outage", { kind: "kill", target }, { for: ms(10) })],
    );
    expect((await runSteps(options)).trouble).toMatchObject({ verdict: "SKIP", code: "own-service" });
    const calls: string[] = [];
    const call = (what: string) => async () => void calls.push(what);
    const ownRegistry = {
      kill: call("kill"),
      stop: call("stop"),
      start: call("start"),
      pause: call("pause"),
      resume: call("resume"),
    };
    const services = { ...options.services, ownRegistry };
    expect((await runSteps({ ...options, services })).trouble).toBeUndefined();
    expect(calls).toEqual(["kill", "start"]);
  });

  test("a service and a node in one list are broken at once", async () => {
    const target = {
      kind: "targets",
      of: [
        { kind: "service", service: "registry" },
        { kind: "name", name: "master-1" },
      ],
    } as const;
    const { options } = await startStage(["master-1"], [step("both", { kind: "kill", target })]);
    const calls: string[] = [];
    const fine = async (): Promise<void> => undefined;
    const killed = async (): Promise<void> => void calls.push("registry");
    const ownRegistry = { kill: killed, stop: fine, start: fine, pause: fine, resume: fine };
    const result = await runSteps({ ...options, services: { ...options.services, ownRegistry } });
    expect(result.trouble).toBeUndefined();
    expect(calls).toEqual(["registry"]);
    expect(result.steps[0]).toMatchObject({ action: "kill registry, master-1", hit: [{ node: "master-1" }] });
  });

  test("what a step causes while it is still being proved counts for the next one", async () => {
    const pattern = { event: "registry.session.lost", by: named("master-1"), of: undefined } as const;
    const rest = { path: undefined, instance: undefined, task: undefined, states: undefined };
    const subject = { kind: "event", nth: 1, pattern: { ...pattern, ...rest } } as const;
    const target = { kind: "service", service: "registry" } as const;
    const stage = await startStage(
      ["master-1"],
      [
        step("outage", { kind: "stop", target }),
        step("look", { kind: "verify", expect: {}, within: ms(100) }, { when: when(subject) }),
      ],
    );
    const fine = async (): Promise<void> => undefined;
    const stop = async (): Promise<void> => {
      say(stage, "master-1", { type: "registry.session.lost", reason: "closed" });
      await clock.sleep(50);
    };
    const ownRegistry = { kill: fine, stop, start: fine, pause: fine, resume: fine };
    const services = { ...stage.options.services, ownRegistry };
    const { steps, trouble } = await runSteps({ ...stage.options, services });
    expect(trouble).toBeUndefined();
    // A timer of Node counts whole milliseconds, and may come one early.
    expect((steps[0]?.landedAtMs ?? 0) - (steps[0]?.firedAtMs ?? 0)).toBeGreaterThanOrEqual(49);
  });

  test("an undo that fails is an error", async () => {
    const target = { kind: "service", service: "registry" } as const;
    const { options } = await startStage(
      ["master-1"],
      [step("outage", { kind: "kill", target }, { for: ms(10) })],
    );
    const fine = async (): Promise<void> => undefined;
    const start_ = async (): Promise<void> => {
      throw new Error("it does not come up");
    };
    const ownRegistry = { kill: fine, stop: fine, start: start_, pause: fine, resume: fine };
    const { trouble } = await runSteps({ ...options, services: { ...options.services, ownRegistry } });
    expect(trouble).toMatchObject({ verdict: "ERROR", code: "undo-failed" });
    expect(trouble?.message).toBe("step outage: kill registry could not be undone: it does not come up");
  });

  test("sql that cannot reach the database has not landed", async () => {
    const { options } = await startStage(
      ["master-1"],
      [step("change", { kind: "sql", statement: "SELECT 1" }, { landsWithin: ms(80) })],
    );
    const { trouble } = await runSteps(options);
    expect(trouble).toMatchObject({ code: "fault-not-landed" });
    expect(trouble?.message).toContain("ECONNREFUSED");
  });

  test("an interrupt ends the wait and undoes what was done", async () => {
    const { options, cluster } = await startStage(
      ["master-1"],
      [
        step("freeze", { kind: "pause", target: named("master-1") }, { for: ms(10_000) }),
        step("wait", kill(OWNER), { when: RUNNING }),
      ],
    );
    const interrupt = new AbortController();
    clock.setTimer(100, () => interrupt.abort());
    const result = await runSteps({ ...options, signal: interrupt.signal });
    expect(result.steps[0]?.undoneAtMs).toBeLessThan(5000);
    expect(result.trouble).toMatchObject({ verdict: "ERROR", code: "interrupted" });
    expect(cluster.node("master-1").current?.paused).toBe(false);
  });
});
