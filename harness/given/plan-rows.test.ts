import { describe, expect, test } from "@jest/globals";
import type { ResolvedCase } from "../case/resolved-case.ts";
import {
  exampleAttempt,
  exampleCase,
  exampleFailover,
  exampleInstance,
  exampleNode,
  exampleStart,
  exampleTask,
  exampleWorkflow,
  ms,
} from "./example-case.ts";
import { insertStatement } from "./insert-rows.ts";
import { planRows } from "./plan-rows.ts";
import { createSeedContext } from "./seed-context.ts";
import type { SeedRow } from "./seed-row.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const ADDRESSES = {
  "master-1": "127.0.0.1:5678",
  "master-2": "127.0.0.1:5679",
  "worker-1": "127.0.0.1:1234",
};

function rowsOf(resolved: ResolvedCase): (table: string) => readonly SeedRow[] {
  let lives = 0;
  const context = createSeedContext({
    case: resolved,
    nowMs: NOW,
    sessionTimeoutMs: 1000,
    workDirectory: "/work",
    addresses: ADDRESSES,
    newIncarnation: () => {
      lives += 1;
      return `life-${lives}`;
    },
  });
  const planned = planRows(context);
  return (table) => planned.find((entry) => entry.table === table)?.rows ?? [];
}

const diamond = exampleWorkflow("etl", [
  exampleTask("A"),
  exampleTask("B", { after: ["A"], retries: 2, retryInterval: ms(90_000) }),
]);

describe("definitions", () => {
  const rows = rowsOf(exampleCase({ database: { workflows: [diamond] } }));

  test("each definition has its log row", () => {
    for (const table of ["t_ds_workflow_definition", "t_ds_task_definition", "t_ds_workflow_task_relation"]) {
      expect(rows(`${table}_log`)).toHaveLength(rows(table).length);
      expect(rows(`${table}_log`)[0]).toMatchObject({ operator: 1, operate_time: "2026-01-02 03:04:05.678" });
    }
  });

  test("a root hangs on code 0, the others on their predecessors", () => {
    const [a, b] = rows("t_ds_task_definition");
    expect(rows("t_ds_workflow_task_relation")).toMatchObject([
      { pre_task_code: 0, post_task_code: a?.code },
      { pre_task_code: a?.code, post_task_code: b?.code },
    ]);
  });

  test("durations stand in minutes, rounded up, and exactly beside them", () => {
    expect(rows("t_ds_task_definition")[1]).toMatchObject({
      fail_retry_times: 2,
      fail_retry_interval: 2,
      fail_retry_interval_ms: 90_000,
    });
  });
});

describe("a start command", () => {
  const commands = [
    { pointer: "", command: exampleStart("etl", { params: { x: "1" } }), count: 2, columns: {} },
  ];
  const rows = rowsOf(exampleCase({ database: { workflows: [diamond], commands } }));

  test("brings the workflow instance that it starts", () => {
    expect(rows("t_ds_workflow_instance")).toMatchObject([
      { id: 1, state: 0, run_times: 1, host: null, owner_epoch: 0 },
      { id: 2, state: 0 },
    ]);
    expect(rows("t_ds_command")).toMatchObject([
      { command_type: 0, workflow_instance_id: 1 },
      { command_type: 0, workflow_instance_id: 2 },
    ]);
  });

  test("carries its parameters", () => {
    expect(rows("t_ds_command")[0]?.command_param).toContain('"prop":"x"');
    expect(rows("t_ds_workflow_instance")[0]?.global_params).toContain('"value":"1"');
  });
});

describe("a seeded past", () => {
  const nodes = [exampleNode("master-1", true), exampleNode("master-2"), exampleNode("worker-1", true)];
  const instances = [
    exampleInstance("etl", {
      host: "master-1",
      tasks: [
        {
          task: "A",
          attempts: [exampleAttempt({ state: "FAILURE", flag: "NO" }), exampleAttempt({ id: 40 })],
        },
        { task: "B", attempts: [exampleAttempt({ host: "worker-1" })] },
      ],
    }),
  ];
  const rows = rowsOf(exampleCase({ nodes, database: { workflows: [diamond], instances } }));

  test("absent nodes with rows stand in the table of servers, ALIVE; others do not", () => {
    expect(rows("t_ds_server")).toMatchObject([
      { incarnation: "life-1", kind: "master", address: "127.0.0.1:5678", state: "ALIVE" },
      { incarnation: "life-2", kind: "worker" },
    ]);
    const none = rowsOf(exampleCase({ nodes, database: { workflows: [diamond] } }));
    expect(none("t_ds_server")).toEqual([]);
  });

  test("the workflow has its dead owner, the attempt its dead worker", () => {
    expect(rows("t_ds_workflow_instance")).toMatchObject([
      { state: 1, host: "127.0.0.1:5678", owner_incarnation: "life-1", owner_epoch: 1 },
    ]);
    expect(rows("t_ds_task_instance")[2]).toMatchObject({
      host: "127.0.0.1:1234",
      worker_incarnation: "life-2",
      dispatch_no: 1,
    });
  });

  test("attempts have rising ids, explicit ones as written", () => {
    expect(rows("t_ds_task_instance").map(({ id }) => id)).toEqual([1, 40, 41]);
  });

  test("times fit together", () => {
    for (const row of rows("t_ds_task_instance")) {
      const times = [row.first_submit_time, row.submit_time, row.start_time, row.end_time].filter(
        (time) => typeof time === "string",
      );
      expect(times.toSorted((one, other) => one.localeCompare(other))).toEqual(times);
    }
  });

  test("a row on a host of nobody has no owner", () => {
    const strange = [exampleInstance("etl", { host: "10.0.0.1:5678" })];
    const found = rowsOf(exampleCase({ nodes, database: { workflows: [diamond], instances: strange } }));
    expect(found("t_ds_workflow_instance")).toMatchObject([
      { host: "10.0.0.1:5678", owner_incarnation: null, owner_epoch: 0 },
    ]);
  });

  test("a workflow in FAILOVER belongs to nobody and knows what it was", () => {
    const waiting = [exampleInstance("etl", { state: "FAILOVER", host: "master-1" })];
    const commands = [{ pointer: "", command: exampleFailover("etl"), count: 1, columns: {} }];
    const found = rowsOf(
      exampleCase({ nodes, database: { workflows: [diamond], instances: waiting, commands } }),
    );
    expect(found("t_ds_workflow_instance")).toMatchObject([
      { state: 18, owner_incarnation: null, owner_epoch: 2, pre_failover_state: 1 },
    ]);
    expect(found("t_ds_command")).toMatchObject([
      {
        command_type: 2,
        workflow_instance_id: 1,
        command_param:
          '{"commandType":"RECOVER_TOLERANCE_FAULT","workflowExecutionStatus":"RUNNING_EXECUTION"}',
      },
    ]);
  });
});

describe("raw values", () => {
  test("columns are the last word; words become codes, node names addresses", () => {
    const instances = [
      exampleInstance("etl", { columns: { state: "READY_STOP", host: "<master-2>", var_pool: ["x"] } }),
    ];
    const rows = rowsOf(exampleCase({ database: { workflows: [diamond], instances } }));
    expect(rows("t_ds_workflow_instance")).toMatchObject([
      { state: 4, host: "127.0.0.1:5679", var_pool: '["x"]' },
    ]);
  });

  test("scripts of a fixture tell of their runs too", () => {
    const fixture = {
      file: "f.yaml",
      workflows: [{ name: "own", code: 1, tasks: ["A"] }],
      tables: {
        t_ds_task_definition: [{ code: 5, name: "A", task_params: '{"shellScript":"sleep 5"}' }],
        t_ds_workflow_task_relation: [{ workflow_definition_code: 1, post_task_code: 5 }],
        t_ds_workflow_instance: [{ id: 1, host: "<master-1>", state: "RUNNING_EXECUTION" }],
      },
    };
    const rows = rowsOf(exampleCase({ database: { fixture } }));
    expect(rows("t_ds_workflow_instance")).toEqual([{ id: 1, host: "127.0.0.1:5678", state: 1 }]);
    expect(rows("t_ds_task_definition")[0]?.task_params).toContain("own.A");
    expect(rows("t_ds_task_definition")[0]?.task_params).toContain("sleep 5");
  });
});

test("rows of one statement need not have the same columns", () => {
  expect(insertStatement("t", [{ a: 1 }, { b: null }])).toEqual({
    text: 'INSERT INTO "t" ("a","b") VALUES ($1,DEFAULT),(DEFAULT,$2)',
    values: [1, null],
  });
});
