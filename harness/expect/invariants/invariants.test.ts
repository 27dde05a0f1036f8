import { describe, expect, test } from "@jest/globals";
import {
  addressOf,
  attemptRow,
  type EvidenceParts,
  type ExampleNode,
  ephemeral,
  evidenceOf,
  incarnationOf,
  instanceRow,
  life,
  nodes,
  start,
  step,
  told,
  WORKFLOW_CODE,
} from "../evidence-builder.ts";
import { factsOf } from "../facts.ts";
import { INVARIANTS } from "./index.ts";

/** What an invariant says about evidence. */
function breaches(name: string, parts: EvidenceParts): readonly string[] {
  const invariant = INVARIANTS.find((one) => one.name === name);
  if (invariant === undefined) throw new Error(`no invariant ${name}`);
  return invariant.check(factsOf(evidenceOf(parts))).map(({ message }) => message);
}

const marked = (of: ExampleNode, atMs: number) =>
  told("master-2", atMs, {
    type: "failover.marked",
    kind: "master",
    of: addressOf(of),
    ofIncarnation: incarnationOf(of),
  });
const claimed = (by: ExampleNode, atMs: number, epoch: number, commandId = epoch) =>
  told(by, atMs, {
    type: "command.claimed",
    commandId,
    commandType: epoch === 1 ? "START_PROCESS" : "RECOVER_TOLERANCE_FAULT_PROCESS",
    workflowInstanceId: 1,
    epoch,
  });
const owned = (by: ExampleNode, atMs: number, epoch: number, owner: string | null) =>
  told(by, atMs, { type: "workflow.owner", workflowInstanceId: 1, owner, epoch });
const extract = { workflowInstanceId: 1, taskInstanceId: 1, taskName: "extract" } as const;
const wrote = (
  by: ExampleNode,
  atMs: number,
  [from, state]: readonly [
    "RUNNING_EXECUTION" | "SUCCESS" | "DISPATCH",
    "SUCCESS" | "NEED_FAULT_TOLERANCE" | "RUNNING_EXECUTION",
  ],
  epoch = 1,
) => told(by, atMs, { type: "task.state", ...extract, from, state, flag: 1, epoch });
const ended = (atMs: number, from: "RUNNING_EXECUTION" | "SUCCESS", state: "SUCCESS" | "RUNNING_EXECUTION") =>
  told("master-1", atMs, { type: "workflow.state", workflowInstanceId: 1, from, state, epoch: 1 });
const killed = nodes({
  "master-1": [life("master-1", { endedAtMs: 1020, signal: "SIGKILL", endedBy: "death" })],
});
const death = step("death", { hit: [{ node: "master-1", incarnation: incarnationOf("master-1") }] });

test("nothing is wrong with a case that went well", () => {
  const history = [
    claimed("master-1", 200, 1),
    owned("master-1", 201, 1, incarnationOf("master-1")),
    ended(900, "RUNNING_EXECUTION", "SUCCESS"),
  ];
  const starts = [
    start("extract", { startedAtMs: 300, finishedAtMs: 500 }),
    start("load", { startedAtMs: 600, finishedAtMs: 700 }),
  ];
  for (const { name } of INVARIANTS) {
    expect([name, breaches(name, { evidence: { history }, snapshot: { starts } })]).toEqual([name, []]);
  }
});

test("they are the eighteen of the case format", () => {
  expect(INVARIANTS.map(({ name }) => name)).toEqual(
    (
      "one-valid-attempt one-owner no-overlap finished-stays live-not-rerun no-fenced-write no-false-death " +
      "recovered-once order-kept final-is-final states-agree everything-ends counters-kept orders-kept serial-kept " +
      "slots-kept session-bound nothing-left"
    ).split(" "),
  );
});

describe("one-valid-attempt", () => {
  const lost = attemptRow(1, "extract", "NEED_FAULT_TOLERANCE", { flag: 0 });

  test("breaks with two valid, with none, and when an older one is valid", () => {
    expect(
      breaches("one-valid-attempt", {
        attempts: [attemptRow(1, "extract", "FAILURE"), attemptRow(2, "extract", "SUCCESS")],
      }),
    ).toEqual(["etl.extract: valid attempts: 1, 2; newest: 2"]);
    expect(breaches("one-valid-attempt", { attempts: [lost] })).toEqual([
      "etl.extract: valid attempts: none; newest: 1",
    ]);
    expect(
      breaches("one-valid-attempt", {
        attempts: [attemptRow(1, "extract", "SUCCESS"), attemptRow(2, "extract", "SUCCESS", { flag: 0 })],
      }),
    ).toHaveLength(1);
  });

  test("holds for a clone, and for what a repeat did not reach again", () => {
    expect(breaches("one-valid-attempt", { attempts: [lost, attemptRow(2, "extract", "SUCCESS")] })).toEqual(
      [],
    );
    const instances = [instanceRow(1, "FAILURE", { command_type: 7, run_times: 2 })];
    expect(breaches("one-valid-attempt", { instances, attempts: [lost] })).toEqual([]);
  });
});

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

describe("no-overlap", () => {
  test("breaks when a run met another", () => {
    const starts = [start("extract"), start("extract", { run: 2, overlaps: [1] })];
    expect(breaches("no-overlap", { snapshot: { starts } })).toEqual([
      "etl.extract: run 2 started while run 1 of instance 1 was alive",
    ]);
  });

  test("holds when runs followed each other", () => {
    expect(
      breaches("no-overlap", { snapshot: { starts: [start("extract"), start("extract", { run: 2 })] } }),
    ).toEqual([]);
  });
});

describe("finished-stays", () => {
  const success = wrote("master-1", 1600, ["RUNNING_EXECUTION", "SUCCESS"]);

  test("breaks with an attempt or a start after the success", () => {
    const attempts = [attemptRow(1, "extract", "SUCCESS", { flag: 0 }), attemptRow(2, "extract", "SUCCESS")];
    expect(breaches("finished-stays", { attempts })).toEqual([
      "etl.extract: attempt 1 succeeded, and attempt 2 came after it",
    ]);
    const starts = [start("extract"), start("extract", { run: 2, startedAtMs: 2000 })];
    expect(breaches("finished-stays", { evidence: { history: [success] }, snapshot: { starts } })).toEqual([
      "etl.extract was started again after it had succeeded",
    ]);
  });

  test("holds for a repeat", () => {
    const attempts = [attemptRow(1, "extract", "SUCCESS", { flag: 0 }), attemptRow(2, "extract", "SUCCESS")];
    const instances = [instanceRow(1, "SUCCESS", { command_type: 7 })];
    expect(breaches("finished-stays", { attempts, instances })).toEqual([]);
  });
});

describe("live-not-rerun", () => {
  const started = told("worker-1", 900, { type: "task.started", ...extract, dispatchNo: 1, pid: 5 });
  const givenUp = wrote("master-2", 2000, ["RUNNING_EXECUTION", "NEED_FAULT_TOLERANCE"], 3);

  test("breaks when the worker lived", () => {
    expect(breaches("live-not-rerun", { evidence: { history: [started, givenUp] } })).toEqual([
      "extract, attempt 1, was given up while worker-1 lived and ran it",
    ]);
  });

  test("holds when the worker was killed, frozen, lost its session, or told the end", () => {
    const of = (more: Parameters<typeof life>[1]) => ({
      nodes: nodes({ "worker-1": [life("worker-1", more)] }),
    });
    const history = [started, givenUp];
    expect(breaches("live-not-rerun", { evidence: { history, ...of({ endedAtMs: 1500 }) } })).toEqual([]);
    expect(
      breaches("live-not-rerun", {
        evidence: { history, ...of({ pauses: [{ fromMs: 1000, toMs: 1900 }] }) },
      }),
    ).toEqual([]);
    const lost = told("worker-1", 1500, { type: "registry.session.lost", reason: "lease" });
    expect(breaches("live-not-rerun", { evidence: { history: [started, lost, givenUp] } })).toEqual([]);
    const finished = told("worker-1", 1500, {
      type: "task.finished",
      ...extract,
      dispatchNo: 1,
      outcome: "LOST",
      exitCode: null,
    });
    expect(breaches("live-not-rerun", { evidence: { history: [started, finished, givenUp] } })).toEqual([]);
  });

  test("holds for a task that the dead master ran itself", () => {
    const onMaster = told("master-1", 900, { type: "task.started", ...extract, dispatchNo: 1, pid: 5 });
    expect(breaches("live-not-rerun", { evidence: { history: [onMaster, givenUp] } })).toEqual([]);
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
    const history = [marked("master-1", 1000), claimed("master-1", 2000, 1)];
    expect(breaches("no-fenced-write", { evidence: { history } })).toEqual([
      "master-1 claimed a command after it had been marked as dead",
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
  const history = [marked("master-1", 1500)];

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

describe("order-kept", () => {
  test("breaks when a successor starts before its predecessor ended", () => {
    const starts = [
      start("extract", { startedAtMs: 1000, finishedAtMs: 3000 }),
      start("load", { startedAtMs: 2000 }),
    ];
    expect(breaches("order-kept", { snapshot: { starts } })).toEqual([
      "etl.load started before its predecessor extract had ended",
    ]);
    const late = [start("load", { startedAtMs: 1000 }), start("extract", { startedAtMs: 2000 })];
    expect(breaches("order-kept", { snapshot: { starts: late } })).toHaveLength(1);
  });

  test("holds when a killed run of the predecessor was followed by another before", () => {
    const starts = [
      start("extract", { startedAtMs: 100, finishedAtMs: undefined }),
      start("extract", { run: 2, startedAtMs: 500, finishedAtMs: 900 }),
      start("load", { startedAtMs: 950 }),
    ];
    expect(breaches("order-kept", { snapshot: { starts } })).toEqual([]);
  });
});

describe("final-is-final", () => {
  test("breaks when a finished attempt changes, in events or in its row", () => {
    const history = [
      wrote("master-1", 100, ["RUNNING_EXECUTION", "SUCCESS"]),
      wrote("master-2", 200, ["SUCCESS", "NEED_FAULT_TOLERANCE"], 3),
    ];
    expect(breaches("final-is-final", { evidence: { history } })).toEqual([
      "extract, attempt 1, had finished as SUCCESS and became NEED_FAULT_TOLERANCE",
    ]);
    const attempts = [attemptRow(1, "extract", "FAILURE")];
    expect(breaches("final-is-final", { attempts, evidence: { history: history.slice(0, 1) } })).toEqual([
      "extract, attempt 1, had finished as SUCCESS, and its row says FAILURE",
    ]);
  });

  test("breaks when a finished workflow runs again without an order", () => {
    const history = [ended(500, "RUNNING_EXECUTION", "SUCCESS"), ended(600, "SUCCESS", "RUNNING_EXECUTION")];
    expect(breaches("final-is-final", { evidence: { history } })).toEqual([
      "instance 1 had finished and became RUNNING_EXECUTION",
    ]);
    const order = told("master-1", 550, {
      type: "command.claimed",
      commandId: 3,
      commandType: "START_FAILURE_TASK_PROCESS",
      workflowInstanceId: 1,
      epoch: 2,
    });
    expect(breaches("final-is-final", { evidence: { history: [...history, order] } })).toEqual([]);
  });

  test("breaks when a row that was given as finished has changed", () => {
    const seeded = {
      t_ds_task_instance: [attemptRow(1, "extract", "FAILURE")],
      t_ds_workflow_instance: [instanceRow(1, "STOP")],
    };
    expect(breaches("final-is-final", { evidence: { seeded } })).toEqual([
      "extract, attempt 1, had finished as FAILURE, and its row says SUCCESS",
      "etl was given as STOP, and its row says SUCCESS",
    ]);
  });

  test("holds for a PAUSE that is resumed and a flag that changes", () => {
    const body = { type: "task.state", ...extract, flag: 1, epoch: 1 } as const;
    const history = [
      told("master-1", 100, { ...body, from: "DISPATCH", state: "PAUSE" }),
      told("master-1", 200, { ...body, from: "PAUSE", state: "SUCCESS" }),
      told("master-1", 300, { ...body, from: "SUCCESS", state: "SUCCESS", flag: 0 }),
    ];
    expect(breaches("final-is-final", { evidence: { history } })).toEqual([]);
  });
});

describe("states-agree", () => {
  const history = [ended(500, "RUNNING_EXECUTION", "SUCCESS")];
  const of = (parts: EvidenceParts) => breaches("states-agree", { ...parts, evidence: { history } });

  test("breaks with a missing end time, an open attempt, a failure in a success, an abandoned attempt", () => {
    expect(of({ instances: [instanceRow(1, "SUCCESS", { end_time: null })] })).toEqual([
      "etl is SUCCESS and has no end time",
    ]);
    expect(of({ attempts: [attemptRow(1, "extract", "RUNNING_EXECUTION")] })).toEqual([
      "etl has finished as SUCCESS, its attempt 1 of extract is RUNNING_EXECUTION",
    ]);
    expect(of({ attempts: [attemptRow(1, "extract", "FAILURE")] })).toEqual([
      "etl is SUCCESS, its attempt 1 of extract is FAILURE",
    ]);
    expect(of({ attempts: [attemptRow(1, "extract", "NEED_FAULT_TOLERANCE", { flag: 0 })] })).toEqual([
      "etl.extract, attempt 1, was given up for another worker and has no successor",
    ]);
    expect(
      of({
        attempts: [attemptRow(1, "extract", "NEED_FAULT_TOLERANCE")],
        instances: [instanceRow(1, "FAILURE")],
      }),
    ).toEqual(["etl.extract, attempt 1, was given up for another worker and is still valid (flag YES)"]);
  });

  test("holds for a failure that CONDITIONS took up, and for rows that nobody touched", () => {
    const tables = {
      t_ds_task_definition: [
        { id: 1, code: 101, name: "extract", task_type: "SHELL" },
        { id: 2, code: 102, name: "load", task_type: "CONDITIONS" },
      ],
    };
    const attempts = [attemptRow(1, "extract", "FAILURE"), attemptRow(2, "load", "SUCCESS")];
    expect(of({ tables, attempts })).toEqual([]);
    expect(breaches("states-agree", { instances: [instanceRow(1, "SUCCESS", { end_time: null })] })).toEqual(
      [],
    );
  });
});

describe("everything-ends", () => {
  const instances = [instanceRow(1, "RUNNING_EXECUTION")];

  test("breaks when a workflow hangs", () => {
    expect(breaches("everything-ends", { instances })).toEqual(["etl has not ended: RUNNING_EXECUTION"]);
  });

  test("holds when the case says in which state it stays", () => {
    const expectation = { instances: [{ workflow: "etl", state: "RUNNING_EXECUTION" }] };
    expect(breaches("everything-ends", { instances, expect: expectation })).toEqual([]);
  });
});

describe("counters-kept", () => {
  test("breaks when a failover changed run_times or retry_times", () => {
    const seeded = { t_ds_workflow_instance: [instanceRow(1, "RUNNING_EXECUTION")] };
    const instances = [instanceRow(1, "SUCCESS", { run_times: 2 })];
    expect(breaches("counters-kept", { instances, evidence: { seeded } })).toEqual([
      "etl: run_times was 1 and is 2",
    ]);
    const attempts = [
      attemptRow(1, "extract", "NEED_FAULT_TOLERANCE", { flag: 0, retry_times: 1 }),
      attemptRow(2, "extract", "SUCCESS"),
    ];
    expect(breaches("counters-kept", { attempts })).toEqual([
      "etl.extract: attempt 1 had retry_times 1, its clone 2 has 0",
    ]);
  });

  test("holds for a retry, and for an operator's repeat", () => {
    const attempts = [
      attemptRow(1, "extract", "FAILURE", { flag: 0 }),
      attemptRow(2, "extract", "SUCCESS", { retry_times: 1 }),
    ];
    expect(breaches("counters-kept", { attempts })).toEqual([]);
    const seeded = { t_ds_workflow_instance: [instanceRow(1, "SUCCESS")] };
    const instances = [instanceRow(1, "SUCCESS", { run_times: 2, command_type: 7 })];
    expect(breaches("counters-kept", { instances, evidence: { seeded } })).toEqual([]);
  });
});

describe("orders-kept", () => {
  const accepted = told("master-1", 100, {
    type: "operator.accepted",
    request: "stop",
    requestId: "r1",
    workflowInstanceId: 1,
  });
  const intent = (outcome: string) => ({
    t_ds_workflow_intent: [{ id: 1, workflow_instance_id: 1, kind: "STOP", request_id: "r1", outcome }],
  });

  test("breaks when an accepted order is lost, or open behind the end", () => {
    expect(breaches("orders-kept", { evidence: { history: [accepted] } })).toEqual([
      "the order stop r1 was accepted and is stored nowhere",
    ]);
    expect(breaches("orders-kept", { tables: intent("OPEN") })).toEqual([
      "the order STOP r1 is still open although etl has ended as SUCCESS",
    ]);
  });

  test("holds when it was applied or moot", () => {
    expect(breaches("orders-kept", { tables: intent("MOOT"), evidence: { history: [accepted] } })).toEqual(
      [],
    );
  });
});

describe("serial-kept", () => {
  const tables = {
    t_ds_workflow_definition: [{ id: 1, code: WORKFLOW_CODE, name: "etl", execution_type: 1 }],
  };
  const second = { workflowInstanceId: 2, startedAtMs: 1400, finishedAtMs: 2000 };

  test("breaks when two instances run side by side", () => {
    expect(
      breaches("serial-kept", { tables, snapshot: { starts: [start("extract"), start("extract", second)] } }),
    ).toEqual(["instances 1 and 2 of etl ran side by side"]);
    const instances = [instanceRow(1, "RUNNING_EXECUTION"), instanceRow(2, "READY_STOP")];
    expect(breaches("serial-kept", { tables, instances })).toEqual(["etl#1 and etl#2 are at work at once"]);
  });

  test("holds when they follow each other, and for a parallel workflow", () => {
    const starts = [start("extract"), start("extract", { ...second, startedAtMs: 1500 })];
    expect(breaches("serial-kept", { tables, snapshot: { starts } })).toEqual([]);
    expect(
      breaches("serial-kept", { snapshot: { starts: [start("extract"), start("extract", second)] } }),
    ).toEqual([]);
  });
});

describe("slots-kept", () => {
  const group = { t_ds_task_group: [{ id: 1, name: "db", group_size: 1 }] };
  const slot = (id: number, taskId: number, status = 1) => ({ id, task_id: taskId, group_id: 1, status });

  test("breaks with too many slots held, and one held by a task that ended", () => {
    const attempts = [
      attemptRow(1, "extract", "RUNNING_EXECUTION"),
      attemptRow(2, "load", "RUNNING_EXECUTION"),
    ];
    const tables = { ...group, t_ds_task_group_queue: [slot(1, 1), slot(2, 2)] };
    expect(breaches("slots-kept", { attempts, tables })).toEqual(["task group db: 2 slots are held of 1"]);
    expect(breaches("slots-kept", { tables: { ...group, t_ds_task_group_queue: [slot(1, 1)] } })).toEqual([
      "task group db: attempt 1 has ended and still holds a slot",
    ]);
  });

  test("holds when all are given back", () => {
    expect(breaches("slots-kept", { tables: { ...group, t_ds_task_group_queue: [slot(1, 1, 2)] } })).toEqual(
      [],
    );
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
