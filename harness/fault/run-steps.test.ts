import { afterEach, describe, expect, test } from "@jest/globals";
import type { Action, Selector, Step } from "../case/resolved-case.ts";
import { processState } from "../cluster/index.ts";
import { prepareSteps, runSteps, type StepsResult } from "./run-steps.ts";
import {
  attempt,
  clock,
  instance,
  ms,
  openStage,
  order,
  say,
  step,
  type TestStage,
  when,
} from "./test-stage.ts";

let stage: TestStage | undefined;

afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

async function start(nodes: readonly string[], steps: readonly Step[]): Promise<TestStage> {
  stage = await openStage(nodes, steps);
  await stage.cluster.start();
  return stage;
}

const name = (node: string): Selector => ({ kind: "name", name: node });
const kill = (target: Selector): Action => ({ kind: "kill", target });
const owner: Selector = { kind: "ownerOf", instance: { workflow: "etl", ordinal: null } };
const running = when({
  kind: "task",
  task: { workflow: "etl", ordinal: null, task: "A" },
  states: ["RUNNING_EXECUTION"],
  count: undefined,
});
const hits = ({ steps }: StepsResult): string[][] => steps.map(({ hit }) => hit.map(({ node }) => node));

describe("process actions", () => {
  test("kill: the pid is gone, and the life says by whom", async () => {
    const { options, cluster } = await start(
      ["master-1", "master-2"],
      [step("death", kill(name("master-1")))],
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
    const { options, cluster, history } = await start(
      ["master-1"],
      [
        step("freeze", { kind: "pause", target: name("master-1") }, { for: ms(150) }),
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
    const { options, cluster } = await start(
      ["master-1"],
      [
        step("death", kill(name("master-1")), { for: ms(50) }),
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
    const action = (kind: "stop" | "start" | "restart"): Action => ({ kind, target: name("master-1") });
    const { options, cluster } = await start(
      ["master-1"],
      [
        step("stop", action("stop")),
        step("start", action("start")),
        step("restart", action("restart")),
        step("replace", { kind: "replace", target: name("master-1") }),
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
    const { options } = await start(
      ["master-1", "master-2 absent"],
      [step("start", { kind: "start", target: { kind: "any", group: "masters", except: undefined } })],
    );
    expect(hits(await runSteps(options))).toEqual([["master-2"]]);
  });

  test("a frozen process killed meanwhile is not resumed at the end", async () => {
    const { options } = await start(
      ["master-1"],
      [
        step("freeze", { kind: "pause", target: name("master-1") }, { for: ms(100) }),
        step("death", kill({ kind: "hitBy", step: "freeze" })),
      ],
    );
    expect((await runSteps(options)).trouble).toBeUndefined();
  });
});

describe("whom a step means", () => {
  const group = (kind: "any" | "all" | "each", except?: Selector): Selector => ({
    kind,
    group: "masters",
    except,
  });

  test("all but one, at once", async () => {
    const { options } = await start(
      ["master-1", "master-2", "master-3", "worker-1"],
      [step("deaths", kill(group("all", name("master-2"))))],
    );
    expect(hits(await runSteps(options))).toEqual([["master-1", "master-3"]]);
  });

  test("each, one by one: the next when the last is undone", async () => {
    const { options, cluster } = await start(
      ["master-1", "master-2"],
      [step("freeze", { kind: "pause", target: group("each") }, { for: ms(60) })],
    );
    const result = await runSteps(options);
    expect(hits(result)).toEqual([["master-1", "master-2"]]);
    const [one, two] = cluster.records().map(({ lives }) => lives[0]?.pauses[0]);
    expect(two?.fromMs).toBeGreaterThanOrEqual(one?.toMs ?? 0);
  });

  test("any, several times: another one each time, as the dead do not count", async () => {
    const { options } = await start(
      ["master-1", "master-2", "master-3"],
      [step("deaths", kill(group("any")), { times: 3, every: ms(20) })],
    );
    const [deaths] = hits(await runSteps(options));
    expect(deaths?.toSorted()).toEqual(["master-1", "master-2", "master-3"]);
  });

  test("the owner: looked up again until its row names somebody who lives", async () => {
    const { options, cluster, world } = await start(
      ["master-1", "master-2"],
      [step("one", kill(name("master-1"))), step("two", kill(owner), { when: when({ kind: "delay" }) })],
    );
    const [first, second] = cluster.nodes.map((node) => node.current?.incarnation ?? "");
    world.instances = [instance({ ownerIncarnation: first ?? "" })];
    clock.setTimer(150, () => (world.instances = [instance({ ownerIncarnation: second ?? "" })]));
    const result = await runSteps(options);
    expect(result.trouble).toBeUndefined();
    expect(hits(result)).toEqual([["master-1"], ["master-2"]]);
  });

  test("the owner by address, where the row has only that", async () => {
    const { options, world } = await start(["master-1", "master-2"], [step("death", kill(owner))]);
    world.instances = [instance({ host: "127.0.0.1:5679" })];
    expect(hits(await runSteps(options))).toEqual([["master-2"]]);
  });

  test("who fails it over, and the holder of a lock by its session", async () => {
    const lock = "/lock/master-failover/x";
    const test = await start(
      ["master-1", "master-2", "master-3"],
      [
        step("death", kill(name("master-1"))),
        step("rescuer", {
          kind: "pause",
          target: { kind: "coordinatorOf", of: { kind: "hitBy", step: "death" } },
        }),
        step("holder", { kind: "pause", target: { kind: "holderOf", lock } }),
      ],
    );
    const [dead, , third] = test.cluster.nodes.map((node) => node.current?.incarnation ?? "");
    test.world.records = [
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
    say(test, "master-3", { type: "failover.started", ...body, ofIncarnation: "somebody else's" });
    say(test, "master-2", { type: "failover.started", ...body, ofIncarnation: dead });
    const result = await runSteps(test.options);
    expect(result.trouble).toBeUndefined();
    expect(hits(result)).toEqual([["master-1"], ["master-2"], ["master-3"]]);
  });

  test("nobody in that role is a missed moment, a node that is not there a fault that did not land", async () => {
    const within = { landsWithin: ms(60) };
    const first = await start(["master-1"], [step("death", kill(owner), within)]);
    expect((await runSteps(first.options)).trouble).toMatchObject({
      verdict: "INCONCLUSIVE",
      code: "moment-missed",
      pointer: "/inject/death",
    });
    await first.close();
    const second = await start(["master-1 absent"], [step("death", kill(name("master-1")), within)]);
    const { trouble } = await runSteps(second.options);
    expect(trouble).toMatchObject({ verdict: "INCONCLUSIVE", code: "fault-not-landed" });
    expect(trouble?.message).toContain("master-1: has no process that is running");
  });
});

describe("when a step comes", () => {
  test("a task's state: fires when the row has it; `it` is the worker that runs it", async () => {
    const { options, cluster, world } = await start(
      ["master-1", "worker-1"],
      [step("death", kill({ kind: "it" }), { when: running })],
    );
    const worker = cluster.node("worker-1").current?.incarnation ?? "";
    world.attempts = [attempt({ state: "DISPATCH" })];
    clock.setTimer(100, () => (world.attempts = [attempt({ workerIncarnation: worker })]));
    const result = await runSteps(options);
    expect(hits(result)).toEqual([["worker-1"]]);
    expect(result.steps[0]?.firedAtMs).toBeGreaterThan(100);
  });

  test("a state that was left before the fault landed is a missed moment", async () => {
    const test = await start(
      ["master-1"],
      [step("death", { kind: "pause", target: owner }, { when: running, for: ms(10_000) })],
    );
    test.world.attempts = [attempt()];
    // The role comes only when the task has gone on.
    clock.setTimer(80, () => {
      const task = { taskInstanceId: 1, taskName: "A", workflowInstanceId: 1, flag: 1, epoch: 1 };
      say(test, "master-1", { type: "task.state", state: "SUCCESS", from: "RUNNING_EXECUTION", ...task });
      const incarnation = test.cluster.node("master-1").current?.incarnation ?? "";
      test.world.instances = [instance({ ownerIncarnation: incarnation })];
    });
    const { trouble } = await runSteps(test.options);
    expect(trouble).toMatchObject({
      verdict: "INCONCLUSIVE",
      code: "moment-missed",
      pointer: "/inject/when",
    });
    expect(trouble?.message).toContain("SUCCESS");
    // Undone at once, not in ten seconds.
    expect(processState(test.cluster.node("master-1").current?.pid ?? 0)).not.toBe("T");
  });

  test("a moment that does not come is missed, with what was there instead", async () => {
    const { options, world } = await start(
      ["master-1"],
      [step("death", kill(owner), { when: { ...running, within: ms(50) } })],
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
    const test = await start(
      ["master-1", "master-2", "worker-1"],
      [
        step("death", kill(name("worker-1"))),
        step("after", kill({ kind: "it" }), { when: when({ kind: "event", pattern, nth: 2 }) }),
      ],
    );
    const ofIncarnation = test.cluster.node("worker-1").current?.incarnation;
    const left = { type: "cluster.node.left", kind: "worker", of: "127.0.0.1:1234" };
    say(test, "master-1", { ...left, ofIncarnation });
    clock.setTimer(100, () => {
      say(test, "master-1", { ...left, ofIncarnation });
      say(test, "master-1", { ...left, ofIncarnation: "an older life" });
    });
    clock.setTimer(150, () => say(test, "master-2", { ...left, ofIncarnation }));
    const result = await runSteps(test.options);
    expect(result.trouble).toBeUndefined();
    expect(hits(result)).toEqual([["worker-1"], ["master-2"]]);
  });

  test("a delay counts from the landing, and a range is drawn", async () => {
    const { options } = await start(
      ["master-1", "master-2"],
      [
        step("one", kill(name("master-1"))),
        step("two", kill(name("master-2")), { when: when({ kind: "delay" }, { delay: [ms(100), ms(200)] }) }),
      ],
    );
    const [one, two] = (await runSteps(options)).steps;
    const gapMs = (two?.firedAtMs ?? 0) - (one?.landedAtMs ?? 0);
    expect(gapMs).toBeGreaterThan(100);
    expect(gapMs).toBeLessThan(300);
  });

  test("nodes and paths: gone, unregistered, present", async () => {
    const { options, cluster, world } = await start(
      ["master-1", "master-2"],
      [
        step("death", kill(name("master-1"))),
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

describe("failpoints", () => {
  const at = "failover.batch.inside" as const;
  const reach = (workflowInstanceId: number) => ({ reach: { name: at, workflowInstanceId } });
  const messages = ({ history }: TestStage): string[] =>
    history.events().flatMap((event) => (event.type === "log" ? [event.message] : []));

  test("as a moment: armed before a node does anything; held is who is meant, until the action landed", async () => {
    const subject = {
      kind: "failpoint",
      at,
      by: undefined,
      instance: { workflow: "etl", ordinal: null },
      nth: 2,
    } as const;
    stage = await openStage(
      ["master-1", "master-2"],
      [step("look", { kind: "verify", expect: {}, within: ms(100) }, { when: when(subject) })],
    );
    const test = stage;
    test.world.instances = [instance({ id: 5 })];
    const prepared = prepareSteps({
      ...test.options,
      verify: async () => {
        order(test, "master-2", { emit: { type: "log", level: "info", message: "verified" } });
        await clock.sleep(50);
        return undefined;
      },
    });
    await test.cluster.start();
    order(test, "master-1", reach(4));
    order(test, "master-1", reach(5));
    clock.setTimer(100, () => order(test, "master-2", reach(5)));
    const { trouble } = await prepared.run();
    expect(trouble).toBeUndefined();
    await clock.sleep(50);
    expect(messages(test)).toEqual(["released 1", "released 2", "verified", "released 1"]);
  });

  test("as a moment after a kill: what comes at once counts, what came before does not", async () => {
    const subject = { kind: "failpoint", at, by: undefined, instance: undefined, nth: 1 } as const;
    const test = await start(
      ["master-1", "master-2"],
      [step("death", kill(name("master-1"))), step("next", kill({ kind: "it" }), { when: when(subject) })],
    );
    order(test, "master-2", reach(1));
    await clock.sleep(50);
    const steps = runSteps(test.options);
    await clock.sleep(50);
    order(test, "master-2", reach(1));
    expect(hits(await steps)).toEqual([["master-1"], ["master-2"]]);
  });

  test("as an action, die: the process is gone by this step, alone", async () => {
    const test = await start(
      ["master-1", "master-2"],
      [step("death", { kind: "failpoint", at, do: "die", by: undefined, nth: undefined, delay: undefined })],
    );
    const steps = runSteps(test.options);
    clock.setTimer(50, () => order(test, "master-2", reach(1)));
    const result = await steps;
    expect(hits(result)).toEqual([["master-2"]]);
    expect(result.steps[0]?.proof).toContain("is gone");
    expect(test.cluster.records()[1]?.lives[0]).toMatchObject({ signal: "SIGKILL", endedBy: "death" });
    order(test, "master-1", reach(1));
    await clock.sleep(50);
    expect(test.cluster.node("master-1").current?.phase).toBe("ready");
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
    const test = await start(
      ["master-1"],
      [step("hold", action, { for: ms(50) }), step("never", action, { landsWithin: ms(50) })],
    );
    clock.setTimer(50, () => order(test, "master-1", reach(1)));
    const { trouble } = await runSteps(test.options);
    expect(trouble).toMatchObject({ code: "fault-not-landed", pointer: "/inject/never" });
    await clock.sleep(50);
    expect(messages(test)).toEqual(["released 1"]);
  });
});

describe("the other actions", () => {
  test("verify that is not met fails the case", async () => {
    const { options, verdict } = await start(
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
    const { options, history, world } = await start(
      ["master-1", "master-2"],
      [
        step("freeze", { kind: "pause", target: name("master-1") }),
        step("ask", { kind: "operate", request, via: undefined, answer: "accepted" }),
        step("refuse", { kind: "operate", request, via: name("master-2"), answer: "refused" }),
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
    const { options } = await start(
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

  test("an undo that fails is an error", async () => {
    const target = { kind: "service", service: "registry" } as const;
    const { options } = await start(
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
    const { options } = await start(
      ["master-1"],
      [step("change", { kind: "sql", statement: "SELECT 1" }, { landsWithin: ms(80) })],
    );
    const { trouble } = await runSteps(options);
    expect(trouble).toMatchObject({ code: "fault-not-landed" });
    expect(trouble?.message).toContain("ECONNREFUSED");
  });

  test("an interrupt ends the wait and undoes what was done", async () => {
    const { options, cluster } = await start(
      ["master-1"],
      [
        step("freeze", { kind: "pause", target: name("master-1") }, { for: ms(10_000) }),
        step("wait", kill(owner), { when: running }),
      ],
    );
    const interrupt = new AbortController();
    clock.setTimer(100, () => interrupt.abort());
    const result = await runSteps({ ...options, signal: interrupt.signal });
    expect(result.steps[0]?.undoneAtMs).toBeLessThan(5000);
    expect(result.trouble).toBeDefined();
    expect(cluster.node("master-1").current?.paused).toBe(false);
  });
});
