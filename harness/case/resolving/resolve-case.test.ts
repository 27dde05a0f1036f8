import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { explainCase, loadCases, type ResolvedCase } from "../index.ts";

const TESTDATA = path.join(__dirname, "../testdata");

function load(name: string): readonly ResolvedCase[] {
  const loaded = loadCases([`valid/${name}.yaml`], { workingDirectory: TESTDATA });
  expect(loaded.problems).toEqual([]);
  return loaded.cases;
}

function loadOne(name: string): ResolvedCase {
  const [one] = load(name);
  if (one === undefined) throw new Error(`${name} holds no case`);
  return one;
}

describe("cluster", () => {
  test("without a section: one master, one worker, default settings", () => {
    const { cluster } = loadOne("smallest");
    expect(cluster.nodes.map((node) => [node.name, node.absent])).toEqual([
      ["master-1", false],
      ["worker-1", false],
    ]);
    expect(cluster.nodes[0]?.settings).toMatchObject({
      sessionTimeoutMs: 1000,
      failoverDelay: { unit: "ms", value: 0 },
      reconcileInterval: { unit: "sessions", value: 2 },
      disconnectStrategy: "STOP",
      failoverBatch: 1000,
    });
  });

  test("settings of a node go before those of all", () => {
    const { cluster } = loadOne("take-over");
    const slots = cluster.nodes.map((node) => [
      node.name,
      node.settings.taskSlots,
      node.settings.failoverBatch,
    ]);
    expect(slots).toEqual([
      ["master-1", 100, 10],
      ["master-2", 100, 10],
      ["worker-1", 2, 10],
    ]);
  });
});

describe("database", () => {
  test("attempts: short forms are written out, the last flag is YES, the others NO", () => {
    const [first] = loadOne("past-of-an-absent-node").database.instances;
    const attempts = first?.tasks[0]?.attempts ?? [];
    expect(attempts.map((attempt) => [attempt.state, attempt.flag])).toEqual([
      ["FAILURE", "NO"],
      ["FAILURE", "NO"],
      ["DISPATCH", "YES"],
    ]);
    expect(attempts[0]?.endedAgo).toEqual({ unit: "ms", value: 60_000 });
    expect(first?.tasks[1]?.attempts[0]).toMatchObject({ host: "worker-2", out: { y: "2" } });
  });

  test("`count` is written out, and instances are numbered per workflow", () => {
    const { instances } = loadOne("past-of-an-absent-node").database;
    expect(instances.map((one) => [one.ordinal, one.host])).toEqual([
      [1, "master-1"],
      [2, "10.0.0.1:5678"],
      [3, "10.0.0.1:5678"],
      [4, "10.0.0.1:5678"],
      [5, "master-2"],
    ]);
  });

  test("`then` and `else` become edges", () => {
    const top = loadOne("task-kinds").database.workflows.find((workflow) => workflow.name === "top");
    const after = Object.fromEntries((top?.tasks ?? []).map((task) => [task.name, task.after]));
    expect(after).toMatchObject({
      good: ["C"],
      bad: ["C"],
      worse: ["C"],
      big: ["S"],
      small: ["S"],
      S: ["bad"],
    });
  });

  test("numbers become text where text is meant", () => {
    expect(loadOne("past-of-an-absent-node").database.workflows[0]?.params).toEqual({ x: "1" });
    expect(loadOne("take-over").database.commands[0]?.command.options.params).toEqual({ day: "3" });
  });
});

describe("fixture of DolphinScheduler", () => {
  const { fixture } = loadOne("fixture").database;

  test("rows have our columns, codes for words, addresses for hosts", () => {
    expect(fixture?.tables["t_ds_workflow_instance"]).toEqual([
      expect.objectContaining({
        id: 7,
        state: 1,
        recovery: 0,
        is_sub_workflow: 0,
        command_type: 0,
        host: "<master-1>",
        start_time: "2025-01-01 06:00:00",
        end_time: null,
        command_param: '{"commandType":"START_PROCESS","startNodes":[]}',
      }),
    ]);
    expect(
      fixture?.tables["t_ds_task_instance"]?.map((row) => [row["state"], row["flag"], row["host"]]),
    ).toEqual([
      [17, 1, "10.9.9.9:1234"],
      [0, 1, undefined],
    ]);
  });

  test("definitions stand in their log tables as well", () => {
    expect(fixture?.tables["t_ds_task_definition_log"]).toEqual([
      expect.objectContaining({ code: 101, task_priority: 1, fail_retry_times: 2, operator: 1 }),
    ]);
    expect(Object.keys(fixture?.tables ?? {}).filter((table) => table.endsWith("_log"))).toHaveLength(3);
  });

  test("its names can be used", () => {
    expect(fixture?.workflows).toEqual([{ name: "nightly", code: 100, tasks: ["A"] }]);
  });
});

describe("inject", () => {
  test("steps have ids, limits and durations", () => {
    const [step] = loadOne("take-over").steps;
    expect(step).toMatchObject({
      id: "death",
      pointer: "/inject/0",
      action: { kind: "kill", target: { kind: "ownerOf", instance: { workflow: "etl", ordinal: null } } },
      for: { unit: "sessions", value: 2 },
      landsWithin: { unit: "ms", value: 5000 },
      times: 1,
      when: {
        what: { kind: "task", states: ["DISPATCH", "RUNNING_EXECUTION"], count: undefined },
        delay: [
          { unit: "ms", value: 0 },
          { unit: "sessions", value: 1 },
        ],
        within: { unit: "ms", value: 10_000 },
      },
    });
  });

  test("every selector and moment is read", () => {
    const { steps } = loadOne("every-selector");
    expect(steps.map((step) => step.id)).toEqual(["a", ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `step-${n}`)]);
    expect(steps.map((step) => step.when?.what.kind)).toEqual([
      "event",
      "failpoint",
      "node",
      "registry",
      "step",
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const targets = steps.map((step) => ("target" in step.action ? step.action.target.kind : ""));
    expect(targets).toEqual([
      "it",
      "coordinatorOf",
      "list",
      "all",
      "each",
      "name",
      "activeOf",
      "hitBy",
      "service",
    ]);
  });

  test("what this version cannot do is said, and nothing else", () => {
    const reasons = loadOne("every-action").unsupported.map((one) => one.reason);
    const actions =
      "expireSession overload busy fillDisk outage stall promote partition latency bandwidth".split(" ");
    expect(reasons).toEqual([
      ...[...actions, "reset", "loseReply", "skewClock"].map(
        (name) => `action \`${name}\` is not available in this version`,
      ),
      "`expect.check` is not available in this version",
    ]);
    expect(loadOne("take-over").unsupported).toEqual([]);
  });

  test("time limits that this version does not keep are said; a limit of zero is none", () => {
    expect(loadOne("limits-not-kept-yet").unsupported.map((one) => [one.reason, one.pointer])).toEqual([]);
  });

  test("a verify keeps its sections as written, without its limit", () => {
    const last = loadOne("every-action").steps.at(-1);
    expect(last?.action).toMatchObject({ kind: "verify", within: { unit: "ms", value: 5000 } });
    expect(last?.action.kind === "verify" ? Object.keys(last.action.expect) : []).toEqual([
      "instances",
      "runs",
    ]);
  });
});

describe("use and matrix", () => {
  test("one case for each combination, told apart by readable labels", () => {
    expect(load("matrix-and-use").map((one) => one.combination)).toEqual([
      "order=pause:one n=1",
      "order=pause:one n=2",
      "order=pause:one n=3",
      "order=stop:one n=1",
      "order=stop:one n=2",
      "order=stop:one n=3",
    ]);
  });

  test("values of the matrix are put in whole", () => {
    const last = load("matrix-and-use").at(-1);
    expect(last?.steps[1]).toMatchObject({
      times: 3,
      action: { kind: "operate", request: { kind: "stop", instance: { workflow: "one" } }, answer: "any" },
    });
    expect(last?.expect["instances"]).toEqual([{ workflow: "one", state: { $in: ["STOP", "SUCCESS"] } }]);
  });

  test("maps merge, and positions point into the file that wrote the value", () => {
    const one = loadOne("matrix-and-use");
    expect(one.cluster.nodes.map((node) => node.name)).toEqual([
      "master-1",
      "master-2",
      "worker-1",
      "worker-2",
    ]);
    expect(one.cluster.nodes[0]?.settings).toMatchObject({
      failoverBatch: 7,
      failoverDelay: { unit: "ms", value: 1000 },
    });
    expect(one.positions["/cluster/masters"]).toEqual({ file: "parts/one-task.yaml", line: 1, column: 21 });
    expect(one.positions["/cluster/settings/failoverDelay"]?.file).toBe("parts/two-workers.yaml");
    expect(one.positions["/cluster/settings/failoverBatch"]?.file).toBe("valid/matrix-and-use.yaml");
    // A value of the matrix points at the line of the matrix.
    expect(one.positions["/inject/1/operate/pause"]).toMatchObject({
      file: "valid/matrix-and-use.yaml",
      line: 6,
    });
  });
});

describe("the rest", () => {
  test("requires, xfail, tags and refs", () => {
    expect(loadOne("requires-and-xfail")).toMatchObject({
      requires: {
        registry: ["zookeeper", "jdbc"],
        environment: ["containers"],
        capabilities: ["own-service"],
      },
      xfail: { verdict: "INCONCLUSIVE", with: "moment-missed" },
      tags: [],
    });
    expect(loadOne("take-over")).toMatchObject({
      tags: ["master", "take-over"],
      refs: ["DS-1"],
      xfail: undefined,
    });
  });

  test("a resolved case is plain data: it can be stored and read back", () => {
    for (const name of ["take-over", "past-of-an-absent-node", "every-selector", "every-action", "fixture"]) {
      const one = loadOne(name);
      expect(JSON.parse(JSON.stringify(one))).toEqual(JSON.parse(JSON.stringify(structuredClone(one))));
    }
  });

  test("a case is told as a story", () => {
    const story = readFileSync(path.join(TESTDATA, "valid/take-over.story.txt"), "utf8");
    expect(explainCase(loadOne("take-over"))).toBe(story);
  });
});
