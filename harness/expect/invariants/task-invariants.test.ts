import { describe, expect, test } from "@jest/globals";
import { attemptRow, instanceRow, life, nodes, start, told } from "../evidence-builder.ts";
import { breaches, extract, wrote } from "./breaches.ts";

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

describe("slots-kept", () => {
  const group = { t_ds_task_group: [{ id: 1, name: "db", group_size: 1 }] };
  const slot = (id: number, taskId: number, status = 1, force_start = 0) => ({
    id,
    task_id: taskId,
    group_id: 1,
    status,
    force_start,
  });

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

  test("breaks when use_size says something else", () => {
    const used = { t_ds_task_group: [{ id: 1, name: "db", group_size: 1, use_size: 1 }] };
    expect(breaches("slots-kept", { tables: used })).toEqual([
      "task group db: use_size is 1, and 0 slots are held",
    ]);
  });

  test("a slot that was forced does not count, and a closed group has no limit", () => {
    const attempts = [
      attemptRow(1, "extract", "RUNNING_EXECUTION"),
      attemptRow(2, "load", "RUNNING_EXECUTION"),
    ];
    const queue = (force: number) => ({ t_ds_task_group_queue: [slot(1, 1), slot(2, 2, 1, force)] });
    expect(breaches("slots-kept", { attempts, tables: { ...group, ...queue(1) } })).toEqual([]);
    const closed = { t_ds_task_group: [{ id: 1, name: "db", group_size: 1, status: 0 }] };
    expect(breaches("slots-kept", { attempts, tables: { ...closed, ...queue(0) } })).toEqual([]);
  });

  test("holds when all are given back", () => {
    expect(breaches("slots-kept", { tables: { ...group, t_ds_task_group_queue: [slot(1, 1, 2)] } })).toEqual(
      [],
    );
  });
});
