import { describe, expect, test } from "@jest/globals";
import {
  attemptRow,
  type EvidenceParts,
  incarnationOf,
  instanceRow,
  life,
  nodes,
  start,
  told,
  WORKFLOW_CODE,
} from "../evidence-builder.ts";
import { breaches, claimed, ended, extract, owned, wrote } from "./breaches.ts";
import { INVARIANTS } from "./index.ts";

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

test("they are the eighteen of the case format and one-child", () => {
  expect(INVARIANTS.map(({ name }) => name)).toEqual(
    (
      "one-valid-attempt one-owner no-overlap finished-stays live-not-rerun no-fenced-write no-false-death " +
      "recovered-once order-kept final-is-final states-agree everything-ends counters-kept orders-kept serial-kept " +
      "slots-kept one-child session-bound nothing-left"
    ).split(" "),
  );
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

  test("holds for what a process told when it woke up, and breaks for what the row says then", () => {
    const thawed = nodes({ "master-1": [life("master-1", { pauses: [{ fromMs: 100, toMs: 2000 }] })] });
    const history = [
      wrote("master-2", 1000, ["RUNNING_EXECUTION", "SUCCESS"], 3),
      wrote("master-1", 2001, ["DISPATCH", "RUNNING_EXECUTION"], 1),
    ];
    const attempts = [attemptRow(1, "extract", "SUCCESS")];
    expect(breaches("final-is-final", { attempts, evidence: { history, nodes: thawed } })).toEqual([]);
    const changed = [attemptRow(1, "extract", "RUNNING_EXECUTION")];
    expect(breaches("final-is-final", { attempts: changed, evidence: { history, nodes: thawed } })).toEqual([
      "extract, attempt 1, had finished as SUCCESS, and its row says RUNNING_EXECUTION",
    ]);
    expect(breaches("final-is-final", { attempts, evidence: { history } })).toHaveLength(1);
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

describe("sub-workflows", () => {
  const child = (id: number, state: "SUCCESS" | "FAILURE" | "STOP" | "RUNNING_EXECUTION") =>
    instanceRow(id, state);
  const ran = (id: number, of: number) => attemptRow(id, "extract", "SUCCESS", { workflow_instance_id: of });
  const standing = (of: number) => ({ sub_workflow_instance_id: of });
  const given = attemptRow(1, "load", "NEED_FAULT_TOLERANCE", { flag: 0, ...standing(2) });
  const related = (of: number) => ({
    t_ds_relation_workflow_instance: [
      { id: 1, parent_workflow_instance_id: 1, parent_task_instance_id: 1, workflow_instance_id: of },
    ],
  });

  test("one-child breaks with a second child after a failover, and with one that nobody knows", () => {
    const instances = [child(1, "SUCCESS"), child(2, "SUCCESS"), child(3, "SUCCESS")];
    const attempts = [given, attemptRow(2, "load", "SUCCESS", standing(3)), ran(3, 2), ran(4, 3)];
    expect(breaches("one-child", { instances, attempts })).toEqual([
      "etl#1.load: attempt 1 had etl#2, its successor 2 began instance 3",
    ]);
    const one = [attemptRow(2, "load", "SUCCESS", standing(3)), ran(3, 2), ran(4, 3)];
    const history = [ended(500, "RUNNING_EXECUTION", "SUCCESS")];
    expect(
      breaches("one-child", { instances, attempts: one, tables: related(2), evidence: { history } }),
    ).toEqual(["etl#2 (id 2) is a child of etl#1, of which no attempt knows it"]);
  });

  test("one-child holds when the child is kept, was never run, or belongs to a retry", () => {
    const instances = [child(1, "SUCCESS"), child(2, "STOP"), child(3, "SUCCESS")];
    const next = attemptRow(2, "load", "SUCCESS", standing(3));
    expect(breaches("one-child", { instances, attempts: [given, next, ran(3, 3)] })).toEqual([]);
    const kept = attemptRow(2, "load", "SUCCESS", standing(2));
    expect(
      breaches("one-child", { instances, attempts: [given, kept, ran(3, 2)], tables: related(2) }),
    ).toEqual([]);
    const failed = attemptRow(1, "load", "FAILURE", { flag: 0, ...standing(2) });
    expect(breaches("one-child", { instances, attempts: [failed, next, ran(3, 2), ran(4, 3)] })).toEqual([]);
  });

  test("states-agree breaks when an attempt has not ended as its child", () => {
    const history = [ended(500, "RUNNING_EXECUTION", "SUCCESS")];
    const of = (childState: "SUCCESS" | "FAILURE" | "RUNNING_EXECUTION") =>
      breaches("states-agree", {
        instances: [child(1, "SUCCESS"), child(2, childState)],
        attempts: [attemptRow(2, "load", "SUCCESS", standing(2))],
        evidence: { history },
      });
    expect(of("SUCCESS")).toEqual([]);
    expect(of("FAILURE")).toEqual(["etl#1.load, attempt 2, is SUCCESS, its sub-workflow etl#2 is FAILURE"]);
    expect(of("RUNNING_EXECUTION")).toEqual([
      "etl#1.load, attempt 2, is SUCCESS, its sub-workflow etl#2 is RUNNING_EXECUTION",
    ]);
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

  test("breaks when one that has finished, or is gone, holds the gate", () => {
    const held = (holder: number) => ({
      tables: { ...tables, t_ds_serial_gate: [{ workflow_definition_code: WORKFLOW_CODE, holder }] },
    });
    expect(breaches("serial-kept", held(1))).toEqual(["etl, SUCCESS, still holds the gate of etl"]);
    expect(breaches("serial-kept", held(9))).toEqual([
      "instance 9, which is gone, still holds the gate of etl",
    ]);
    const instances = [instanceRow(1, "FAILOVER")];
    expect(breaches("serial-kept", { ...held(1), instances })).toEqual([]);
  });

  test("holds when another runs between an end and a recovery", () => {
    const starts = [
      start("extract"),
      start("extract", { ...second, startedAtMs: 1500, finishedAtMs: 1900 }),
      start("extract", { startedAtMs: 2100, finishedAtMs: 2200, run: 2 }),
    ];
    const order = told("master-1", 2050, {
      type: "command.claimed",
      commandId: 3,
      commandType: "START_FAILURE_TASK_PROCESS",
      workflowInstanceId: 1,
      epoch: 2,
    });
    const rule = { tables, snapshot: { starts } };
    expect(breaches("serial-kept", { ...rule, evidence: { history: [order] } })).toEqual([]);
    expect(breaches("serial-kept", rule)).toEqual(["instances 1 and 2 of etl ran side by side"]);
  });

  test("holds when they follow each other, and for a parallel workflow", () => {
    const starts = [start("extract"), start("extract", { ...second, startedAtMs: 1500 })];
    expect(breaches("serial-kept", { tables, snapshot: { starts } })).toEqual([]);
    expect(
      breaches("serial-kept", { snapshot: { starts: [start("extract"), start("extract", second)] } }),
    ).toEqual([]);
  });
});
