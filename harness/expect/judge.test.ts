import { describe, expect, test } from "@jest/globals";
import {
  addressOf,
  attemptRow,
  type EvidenceParts,
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
} from "./evidence-builder.ts";
import { judge } from "./judge.ts";
import { checkExpectations } from "./judge-sections.ts";

const findingsOf = (parts: EvidenceParts) => judge(evidenceOf(parts)).findings;
const firstOf = (parts: EvidenceParts) => {
  const [first] = findingsOf(parts);
  return first === undefined ? "PASS" : `${first.code} ${first.pointer}: ${first.message}`;
};

describe("instances", () => {
  const whole = { workflow: "etl", state: "SUCCESS", tasks: { extract: "SUCCESS", load: ["SUCCESS"] } };

  test("pass when rows and attempts are exactly these", () => {
    expect(firstOf({ expect: { instances: [whole] } })).toBe("PASS");
  });

  test("a wrong state is named with its line and its writer", () => {
    const history = [
      told("master-2", 2314, {
        type: "workflow.state",
        workflowInstanceId: 1,
        state: "SUCCESS",
        from: "RUNNING_EXECUTION",
        epoch: 1,
      }),
    ];
    const [finding] = findingsOf({
      expect: { instances: [{ ...whole, state: "FAILURE" }] },
      evidence: { history },
    });
    expect(finding).toMatchObject({ code: "instances", pointer: "/expect/instances/0/state" });
    expect(finding?.message).toBe("instance etl, state: expected FAILURE, was SUCCESS");
    expect(finding?.details?.join("\n")).toContain("2.314 s  master-2");
  });

  test("one attempt more is a failure, at the list that names them", () => {
    const attempts = [
      attemptRow(1, "extract", "NEED_FAULT_TOLERANCE", { flag: 0 }),
      attemptRow(2, "extract", "SUCCESS"),
      attemptRow(3, "load", "SUCCESS"),
    ];
    expect(firstOf({ expect: { instances: [whole] }, attempts })).toBe(
      "instances /expect/instances/0/tasks/extract/0/state: attempt of etl.extract (1 of 2), state: " +
        "expected SUCCESS, was NEED_FAULT_TOLERANCE",
    );
    const more = [
      attemptRow(1, "extract", "SUCCESS"),
      attemptRow(2, "load", "SUCCESS"),
      attemptRow(3, "load", "SUCCESS"),
    ];
    expect(firstOf({ expect: { instances: [whole] }, attempts: more })).toBe(
      "instances /expect/instances/0/tasks/load: attempt of etl.load: expected 1, found 2",
    );
  });

  test("a task that is not named has no attempt, unless the rest is ignored", () => {
    const tasks = { extract: ["SUCCESS"] };
    expect(firstOf({ expect: { instances: [{ workflow: "etl", tasks }] } })).toContain("no attempt of load");
    const open = { ...tasks, $rest: "ignore" };
    expect(firstOf({ expect: { instances: [{ workflow: "etl", tasks: open }] } })).toBe("PASS");
  });

  test("the number of instances counts per workflow, and with count", () => {
    const instances = [instanceRow(1, "SUCCESS"), instanceRow(2, "SUCCESS"), instanceRow(3, "FAILURE")];
    const of = (list: readonly { readonly [key: string]: string | number | { readonly $gte: number } }[]) =>
      firstOf({ instances, attempts: [], expect: { instances: list } });
    expect(
      of([
        { workflow: "etl", state: "SUCCESS", count: 2 },
        { workflow: "etl", state: "FAILURE" },
      ]),
    ).toBe("PASS");
    expect(
      of([
        { workflow: "etl", state: "SUCCESS", count: { $gte: 1 } },
        { workflow: "etl", state: "FAILURE" },
      ]),
    ).toBe("PASS");
    expect(of([{ workflow: "etl", state: "SUCCESS", count: 2 }])).toContain("expected 2, found 3");
    expect(of([{ workflow: "etl", state: "SUCCESS" }, { $rest: "ignore" }])).toBe("PASS");
    expect(of([{ workflow: "etl", count: 0 }])).toContain("expected 0, found 3");
    expect(of([{ workflow: "other" }])).toContain("instances of other: expected 1, found none");
  });

  test("fields, columns, nodes and selectors", () => {
    const steps = [step("death", { hit: [{ node: "master-1", incarnation: incarnationOf("master-1") }] })];
    const row = {
      workflow: "etl",
      runTimes: 1,
      host: { $not: "master-2" },
      columns: { owner_epoch: 1, state: "SUCCESS", host: "<master-1>" },
      params: { x: 1 },
    };
    const instances = [instanceRow(1, "SUCCESS", { global_params: '[{"prop":"x","value":"1"}]' })];
    expect(firstOf({ instances, expect: { instances: [row] } })).toBe("PASS");
    const hit = { workflow: "etl", host: { hitBy: "death" } };
    expect(firstOf({ instances, evidence: { steps }, expect: { instances: [hit] } })).toBe("PASS");
    const wrong = [{ workflow: "etl", host: "master-2" }];
    expect(firstOf({ instances, expect: { instances: wrong } })).toContain(
      "host: expected master-2, was master-1",
    );
  });

  test("a parent is named by its task", () => {
    const relations = [
      { id: 1, parent_workflow_instance_id: 1, parent_task_instance_id: 1, workflow_instance_id: 2 },
    ];
    const parts = {
      instances: [instanceRow(1, "SUCCESS"), instanceRow(2, "SUCCESS")],
      tables: { t_ds_relation_workflow_instance: relations },
    };
    const child = { workflow: "etl", parent: "etl#1.extract" };
    expect(firstOf({ ...parts, expect: { instances: [{ workflow: "etl" }, child] } })).toBe("PASS");
    const wrong = { workflow: "etl", parent: "etl#1.load" };
    expect(firstOf({ ...parts, expect: { instances: [{ workflow: "etl" }, wrong] } })).toContain("parent");
  });
});

describe("commands", () => {
  const row = { id: 4, command_type: 2, workflow_definition_code: WORKFLOW_CODE, workflow_instance_id: 1 };
  const param = JSON.stringify({ workflowExecutionStatus: "READY_STOP" });

  test("none may be left without being asked", () => {
    expect(firstOf({ tables: { t_ds_command: [row] } })).toBe(
      "commands /expect/commands: command: expected 0, found 1",
    );
    expect(firstOf({ tables: { t_ds_error_command: [row] } })).toContain(
      "errorCommands /expect/errorCommands",
    );
  });

  test("are compared by their main key", () => {
    const parts = { tables: { t_ds_command: [{ ...row, command_param: param }] } };
    const ask = (command: { readonly [key: string]: string }) =>
      firstOf({ ...parts, expect: { commands: [command] } });
    expect(ask({ failover: "etl", was: "READY_STOP" })).toBe("PASS");
    expect(ask({ failover: "etl", was: "READY_PAUSE" })).toContain(
      "was: expected READY_PAUSE, was READY_STOP",
    );
    expect(ask({ start: "etl" })).toContain("expected START_PROCESS, was RECOVER_TOLERANCE_FAULT_PROCESS");
  });
});

describe("runs", () => {
  const starts = [start("extract"), start("extract", { run: 2, finishedAtMs: undefined })];
  const ask = (runs: { readonly [task: string]: number | { readonly [key: string]: number } }) =>
    firstOf({ snapshot: { starts }, expect: { runs } });

  test("are counted from effects", () => {
    expect(ask({ "etl.extract": 2, "etl.load": 0 })).toBe("PASS");
    expect(ask({ "etl.extract": { started: 2, finished: 1 } })).toBe("PASS");
    expect(ask({ "etl.extract": 1 })).toBe(
      "runs /expect/runs/etl.extract: runs of etl.extract, started: expected 1, was 2",
    );
    expect(ask({ "etl.extract": { $gte: 3 } })).toContain("expected $gte 3, was 2");
  });
});

describe("registry, tables, alerts", () => {
  const registry = [
    ephemeral(`/nodes/master/${addressOf("master-1")}@${incarnationOf("master-1")}`, "s1"),
    ephemeral(`/nodes/worker/${addressOf("worker-1")}@${incarnationOf("worker-1")}`, "s2"),
    ephemeral(`/nodes/failover-finish-nodes/${addressOf("master-2")}-1-${incarnationOf("master-2")}`, null),
    { ...ephemeral("/lock/master-failover", "s1", `${addressOf("master-1")}@x`), kind: "lock" as const },
    ephemeral("/extra", null, '{"a":1}'),
  ];
  const ask = (section: { readonly [key: string]: NonNullable<EvidenceParts["expect"]>[string] }) =>
    firstOf({ snapshot: { registry }, expect: { registry: section } });

  test("the registry: nodes unordered and exact, null is absent", () => {
    expect(ask({ registered: ["worker-1", "master-1"], markers: ["master-2"] })).toBe("PASS");
    expect(ask({ registered: ["master-1"] })).toContain("expected master-1, found master-1, worker-1");
    expect(ask({ registered: { $contains: "master-1" } })).toBe("PASS");
    expect(ask({ locks: { "/lock/master-failover": "master-1", "/lock/other": null } })).toBe("PASS");
    expect(ask({ locks: { "/lock/master-failover": null } })).toContain("expected null, was master-1");
    expect(ask({ entries: { "/extra": { a: 1 }, "/none": null } })).toBe("PASS");
    expect(ask({ entries: { "/extra": null } })).toContain("registry /extra: expected null");
  });

  test("tables: exact rows, words for codes", () => {
    const rows = [{ id: 1, phase: "DONE", address: addressOf("master-1") }];
    const tables = { t_ds_failover: rows };
    const good = {
      t_ds_failover: [{ phase: "DONE", address: "<master-1>" }],
      t_ds_task_instance: [{ state: "SUCCESS" }, { state: 7 }],
    };
    expect(firstOf({ tables, expect: { tables: good } })).toBe("PASS");
    expect(firstOf({ tables, expect: { tables: { t_ds_failover: [] } } })).toContain("expected 0, found 1");
    expect(firstOf({ tables, expect: { tables: { t_ds_failover: [{ nothing: 1 }] } } })).toContain(
      "no column nothing",
    );
  });

  test("alerts: of a node by its address, type and status by word", () => {
    const steps = [step("death", { hit: [{ node: "master-1", incarnation: incarnationOf("master-1") }] })];
    const alert = {
      id: 1,
      title: "master failover",
      content: `{"address":"${addressOf("master-1")}"}`,
      alert_type: 4,
      alert_status: 0,
      dedupe_key: `failover-${incarnationOf("master-1")}`,
      workflow_instance_id: null,
    };
    const good = [{ of: { hitBy: "death" }, type: "FAULT_TOLERANCE_WARNING", status: "WAIT_EXECUTION" }];
    const parts = { tables: { t_ds_alert: [alert] }, evidence: { steps } };
    expect(firstOf({ ...parts, expect: { alerts: good } })).toBe("PASS");
    expect(firstOf({ ...parts, expect: { alerts: [{ of: "master-2" }] } })).toContain(
      "expected master-2, was master-1",
    );
    expect(firstOf({ ...parts, expect: { alerts: [] } })).toContain("alert: expected 0, found 1");
  });
});

describe("processes, logs, events, timing", () => {
  test("the path of a marker is known by its address, whatever its start and incarnation", () => {
    const path = `/nodes/failover-finish-nodes/${addressOf("master-1")}-1700000000000-some-life`;
    const added = { source: "registry", type: "registry.entry.added", atMs: 10, path, value: "" } as const;
    const of = (node: string) => ({
      evidence: { history: [added] },
      expect: { history: [{ event: added.type, path: `/nodes/failover-finish-nodes/<${node}>` }] },
    });
    expect(firstOf(of("master-1"))).toBe("PASS");
    expect(firstOf(of("master-2"))).toContain("it did not come");
  });

  const died = {
    type: "failover.started",
    kind: "master",
    of: addressOf("master-1"),
    ofIncarnation: incarnationOf("master-1"),
  } as const;
  const history = [
    told("master-2", 1500, { ...died, type: "cluster.node.left" }),
    told("master-2", 1600, died),
    told("master-2", 1700, {
      type: "command.claimed",
      commandId: 1,
      commandType: "RECOVER_TOLERANCE_FAULT_PROCESS",
      workflowInstanceId: 1,
      epoch: 1,
    }),
    told("master-2", 1900, {
      type: "task.takenOver",
      workflowInstanceId: 1,
      taskInstanceId: 1,
      taskName: "extract",
      dispatchNo: 1,
      of: addressOf("worker-1"),
      ofIncarnation: incarnationOf("worker-1"),
      epoch: 1,
    }),
  ];
  const steps = [step("death", { hit: [{ node: "master-1", incarnation: incarnationOf("master-1") }] })];
  const dead = nodes({
    "master-1": [life("master-1", { endedAtMs: 1010, signal: "SIGKILL", endedBy: "death" })],
  });
  const ask = (expectation: EvidenceParts["expect"]) =>
    firstOf({
      expect: expectation ?? {},
      evidence: { history, steps, nodes: dead },
      snapshot: {
        processes: [
          { node: "master-1", status: "killed", exitCode: undefined },
          { node: "master-2", status: "running", exitCode: undefined },
        ],
        logs: { "master-2": [{ atMs: 1, level: "warn", message: "lost master-1" }] },
      },
    });

  test("processes: all nodes that are meant", () => {
    expect(ask({ processes: [{ node: "master-1", status: "killed" }] })).toBe("PASS");
    expect(ask({ processes: [{ node: { all: "masters" }, status: "running" }] })).toContain(
      "process of master-1",
    );
    expect(
      ask({ processes: [{ node: { all: "masters", except: { hitBy: "death" } }, status: "running" }] }),
    ).toBe("PASS");
  });

  test("logs: a line, or so many", () => {
    expect(ask({ logs: [{ node: "master-2", level: "warn", message: { $regex: "lost" } }] })).toBe("PASS");
    expect(ask({ logs: [{ node: "master-2", message: { $regex: "lost" }, count: 0 }] })).toContain(
      "expected 0",
    );
    expect(ask({ logs: [{ node: "master-2", message: "other" }] })).toContain("log of master-2");
  });

  test("history: in this order", () => {
    const good = [
      { event: "cluster.node.left", of: { hitBy: "death" } },
      { event: "failover.started", by: "master-2" },
    ];
    expect(ask({ history: good })).toBe("PASS");
    expect(ask({ history: good.toReversed() })).toContain("it came only before that");
    expect(ask({ history: [{ event: "task.takenOver", task: "etl.load" }] })).toContain("it did not come");
  });

  test("never and counts", () => {
    expect(ask({ never: [{ event: "task.dispatched" }] })).toBe("PASS");
    expect(ask({ never: [{ event: "failover.*", since: "death" }] })).toContain("came once");
    expect(ask({ counts: [{ event: "failover.*", count: 1 }] })).toBe("PASS");
    expect(ask({ counts: [{ event: "failover.*", count: 2 }] })).toContain("expected 2");
    expect(ask({ counts: [{ event: "command.claimed", per: "instance", count: { $lte: 1 } }] })).toBe("PASS");
  });

  test("timing: from the landing, in sessions or milliseconds", () => {
    expect(ask({ timing: [{ step: "death", detect: { $lte: "1 session" }, resume: { $lt: 900 } }] })).toBe(
      "PASS",
    );
    expect(ask({ timing: [{ step: "death", decide: "500ms" }] })).toBe(
      "timing /expect/timing/0/decide: timing of death, decide: expected $lte 500 (1000 ms a session), was 590 ms",
    );
  });

  test("a verify does not ask for commands that are not named", () => {
    const evidence = evidenceOf({ tables: { t_ds_command: [{ id: 1, command_type: 0 }] } });
    const ofExpect = { expect: {}, pointer: "/inject/0/verify" };
    expect(checkExpectations(evidence, { ...ofExpect, withDefaults: false })).toEqual([]);
    expect(checkExpectations(evidence, { ...ofExpect, withDefaults: true })).toHaveLength(1);
  });
});

describe("the verdict", () => {
  test("a failure after an untouched node lost its session says that the machine may be too busy", () => {
    const lost = told("worker-1", 2000, { type: "registry.session.lost", reason: "over" });
    const failing = { expect: { alerts: [{ of: "worker-1" }] } };
    expect(judge(evidenceOf({ ...failing, evidence: { history: [lost] } })).note).toContain(
      "worker-1 lost its session though no step had disturbed it",
    );
    const frozen = nodes({ "worker-1": [life("worker-1", { pauses: [{ fromMs: 500, toMs: 1900 }] })] });
    expect(judge(evidenceOf({ ...failing, evidence: { history: [lost], nodes: frozen } })).note).toBe(
      undefined,
    );
  });

  test("an assumption that does not hold comes before everything", () => {
    const trouble = {
      verdict: "INCONCLUSIVE",
      code: "moment-missed",
      message: "never came",
      pointer: "/inject/0/when",
    } as const;
    const judgement = judge(evidenceOf({ expect: { runs: { "etl.extract": 9 } }, evidence: { trouble } }));
    expect(judgement).toMatchObject({
      verdict: "INCONCLUSIVE",
      findings: [{ kind: "assumption", code: "moment-missed" }],
    });
  });

  test("invariants can be waived with a reason, and are not repeated behind expectations", () => {
    const hanging = { instances: [instanceRow(1, "RUNNING_EXECUTION")] };
    expect(findingsOf(hanging).map(({ code }) => code)).toEqual(["everything-ends"]);
    expect(firstOf({ ...hanging, expect: { waive: { "everything-ends": "it hangs" } } })).toBe("PASS");
    const runs = { "etl.extract": 1 };
    expect(findingsOf({ ...hanging, expect: { runs } }).map(({ code }) => code)).toEqual(["runs"]);
  });

  test("checkers in TypeScript are a SKIP", () => {
    expect(judge(evidenceOf({ expect: { check: "x.ts" } })).verdict).toBe("SKIP");
  });
});
