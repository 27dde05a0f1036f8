import { describe, expect, test } from "@jest/globals";
import {
  addressOf,
  attemptRow,
  ephemeral,
  incarnationOf,
  instanceRow,
  life,
  nodes,
  start,
  step,
  told,
} from "../evidence-builder.ts";
import { breaches, claimed, death, fenced, killed, owned, wrote } from "./breaches.ts";

describe("one-owner", () => {
  test("breaks with two owners in one epoch", () => {
    const history = [claimed("master-1", 200, 1), claimed("master-2", 300, 1, 9)];
    expect(breaches("one-owner", { evidence: { history } })).toEqual([
      "etl had two owners in epoch 1: master-1 and master-2",
    ]);
  });

  test("breaks when the row's epoch fell behind", () => {
    expect(breaches("one-owner", { evidence: { history: [claimed("master-2", 300, 3)] } })).toEqual([
      "etl: its row says epoch 1, but epoch 3 had been given out",
    ]);
  });

  test("breaks when it was given to nobody in the epoch of its owner", () => {
    const history = [claimed("master-1", 200, 1), owned("master-2", 900, 1, null)];
    const instances = [instanceRow(1, "FAILOVER", { owner_incarnation: null, owner_epoch: 1 })];
    expect(breaches("one-owner", { instances, evidence: { history } })).toEqual([
      "etl was given to nobody in epoch 1, which master-1 had",
      "etl: its row has no owner in epoch 1, which master-1 had",
    ]);
  });

  test("breaks when what a dead owner left was given to nobody in its epoch", () => {
    const seeded = { t_ds_workflow_instance: [instanceRow(1, "RUNNING_EXECUTION", { owner_epoch: 1 })] };
    const history = [owned("master-2", 900, 1, null)];
    expect(breaches("one-owner", { evidence: { history, seeded } })).toEqual([
      "etl was given to nobody in epoch 1, which master-1 had",
    ]);
  });

  test("holds over a failover, also when the former owner tells late", () => {
    const history = [
      claimed("master-2", 300, 3),
      claimed("master-1", 400, 1),
      owned("master-2", 290, 2, null),
    ];
    expect(
      breaches("one-owner", {
        instances: [instanceRow(1, "SUCCESS", { owner_epoch: 3 })],
        evidence: { history },
      }),
    ).toEqual([]);
  });
});

describe("no-fenced-write", () => {
  const taken = owned("master-2", 1500, 2, null);

  test("breaks when a row goes back to an older epoch", () => {
    const history = [
      wrote("master-2", 1700, ["DISPATCH", "RUNNING_EXECUTION"], 3),
      wrote("master-1", 1800, ["RUNNING_EXECUTION", "SUCCESS"], 1),
    ];
    const attempts = [attemptRow(1, "extract", "SUCCESS", { written_epoch: 1 })];
    expect(breaches("no-fenced-write", { attempts, evidence: { history } })).toEqual([
      "etl.extract, attempt 1: last written under epoch 1, after epoch 3 had written it",
    ]);
  });

  test("breaks with a write long after somebody else had it", () => {
    const history = [taken, wrote("master-1", 2500, ["RUNNING_EXECUTION", "SUCCESS"])];
    expect(breaches("no-fenced-write", { evidence: { history } })).toEqual([
      "master-1 wrote under epoch 1 of instance 1 after epoch 2 had begun",
    ]);
  });

  test("breaks with a claim after the fence", () => {
    const history = [fenced("master-1", 1000), claimed("master-1", 2000, 1)];
    expect(breaches("no-fenced-write", { evidence: { history } })).toEqual([
      "master-1 claimed a command after it had been fenced",
    ]);
  });

  test("holds when it was told a little late, or by one that had just been thawed", () => {
    const soon = [taken, wrote("master-1", 1600, ["RUNNING_EXECUTION", "SUCCESS"])];
    expect(breaches("no-fenced-write", { evidence: { history: soon } })).toEqual([]);
    const thawed = nodes({ "master-1": [life("master-1", { pauses: [{ fromMs: 1000, toMs: 4000 }] })] });
    const late = [taken, wrote("master-1", 4010, ["RUNNING_EXECUTION", "SUCCESS"])];
    expect(breaches("no-fenced-write", { evidence: { history: late, nodes: thawed } })).toEqual([]);
    const stale = [taken, wrote("master-1", 5000, ["RUNNING_EXECUTION", "SUCCESS"])];
    expect(breaches("no-fenced-write", { evidence: { history: stale, nodes: thawed } })).toHaveLength(1);
  });
});

describe("no-false-death", () => {
  const history = [fenced("master-1", 1500)];

  test("breaks when a living node is marked", () => {
    expect(breaches("no-false-death", { evidence: { history } })).toEqual([
      "master-2 took master-1 for dead, which lived and had its session",
    ]);
  });

  test("holds for the killed, the frozen, the leaving, and one of a time before", () => {
    expect(breaches("no-false-death", { evidence: { history, nodes: killed, steps: [death] } })).toEqual([]);
    const frozen = nodes({ "master-1": [life("master-1", { pauses: [{ fromMs: 500, toMs: undefined }] })] });
    expect(breaches("no-false-death", { evidence: { history, nodes: frozen } })).toEqual([]);
    const leaving = [told("master-1", 1400, { type: "node.stopping", reason: "asked" }), ...history];
    expect(breaches("no-false-death", { evidence: { history: leaving } })).toEqual([]);
    expect(breaches("no-false-death", { evidence: { history, nodes: nodes({ "master-1": [] }) } })).toEqual(
      [],
    );
  });

  test("holds after a step that broke the registry", () => {
    const outage = { ...step("outage", { action: "kill", firedAtMs: 700, hit: [] }) };
    const action = { kind: "kill", target: { kind: "service", service: "registry" } } as const;
    const steps = [
      {
        id: "outage",
        pointer: "/inject/0",
        when: undefined,
        action,
        for: undefined,
        landsWithin: { unit: "ms", value: 5000 },
        times: 1,
        every: undefined,
      },
    ] as const;
    expect(breaches("no-false-death", { evidence: { history, steps: [outage] }, case: { steps } })).toEqual(
      [],
    );
  });
});

describe("recovered-once", () => {
  test("breaks with a command claimed twice and a failover finished twice", () => {
    const finished = (atMs: number) =>
      told("master-2", atMs, {
        type: "failover.finished",
        kind: "master",
        of: addressOf("master-1"),
        ofIncarnation: incarnationOf("master-1"),
        workflows: 1,
        tasks: 0,
      });
    const history = [
      claimed("master-1", 100, 1, 5),
      claimed("master-2", 200, 2, 5),
      finished(300),
      finished(400),
    ];
    expect(breaches("recovered-once", { evidence: { history } })).toEqual([
      "command 5 was claimed twice",
      "the failover of master-1 finished twice",
    ]);
  });

  test("breaks when a workflow is put aside twice in an epoch, holds in two epochs", () => {
    const aside = (epoch: number) =>
      told("master-2", 300 + epoch, {
        type: "workflow.state",
        workflowInstanceId: 1,
        state: "FAILOVER",
        from: "RUNNING_EXECUTION",
        epoch,
      });
    expect(breaches("recovered-once", { evidence: { history: [aside(2), aside(2)] } })).toEqual([
      "instance 1 was put aside twice in epoch 2",
    ]);
    expect(breaches("recovered-once", { evidence: { history: [aside(2), aside(4)] } })).toEqual([]);
  });
});

describe("session-bound", () => {
  const path = `/nodes/master/${addressOf("master-1")}@${incarnationOf("master-1")}`;
  const removed = {
    source: "registry",
    type: "registry.entry.removed",
    atMs: 1500,
    path,
    value: "",
  } as const;

  test("breaks when the entry of a living node goes, or stands without a session", () => {
    expect(breaches("session-bound", { evidence: { history: [removed] } })).toEqual([
      "the entry of master-1 went while it lived and had its session",
    ]);
    expect(breaches("session-bound", { snapshot: { registry: [ephemeral(path, null)] } })).toEqual([
      `the entry ${path} belongs to no session`,
    ]);
  });

  test("holds when the node was killed", () => {
    expect(
      breaches("session-bound", { evidence: { history: [removed], nodes: killed, steps: [death] } }),
    ).toEqual([]);
    expect(breaches("session-bound", { snapshot: { registry: [ephemeral(path, "s1")] } })).toEqual([]);
  });
});

describe("nothing-left", () => {
  const path = `/nodes/master/${addressOf("master-1")}@${incarnationOf("master-1")}`;
  const lock = {
    path: "/lock/x",
    value: incarnationOf("master-1"),
    sessionId: "s1",
    ephemeral: true,
    kind: "lock",
  } as const;

  test("breaks with the entry and the lock of one long dead, and with a process of a finished attempt", () => {
    const registry = [ephemeral(path, "s1"), lock];
    expect(breaches("nothing-left", { evidence: { nodes: killed }, snapshot: { registry } })).toEqual([
      `the entry ${path} of master-1 stands although it is long dead`,
      "the lock /lock/x of master-1 stands although it is long dead",
    ]);
    const attempts = [attemptRow(1, "extract", "SUCCESS", { end_time: "2026-01-01T00:00:00.000Z" })];
    const starts = [start("extract", { finishedAtMs: undefined, alive: true })];
    expect(breaches("nothing-left", { attempts, snapshot: { starts } })).toEqual([
      "a process of etl.extract still runs although its attempt has ended",
    ]);
  });

  test("holds while a session may still be ending, and for the living", () => {
    const registry = [ephemeral(path, "s1"), lock];
    expect(breaches("nothing-left", { snapshot: { registry } })).toEqual([]);
    expect(
      breaches("nothing-left", { evidence: { nodes: killed }, snapshot: { registry, atMs: 3000 } }),
    ).toEqual([]);
  });
});
