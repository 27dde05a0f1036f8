import { describe, expect, test } from "@jest/globals";
import type { InstanceSeed, RawSection } from "../case/resolved-case.ts";
import {
  exampleAttempt,
  exampleCase,
  exampleInstance,
  exampleNode,
  exampleTask,
  exampleWorkflow,
} from "./example-case.ts";
import { planRows } from "./plan-rows.ts";
import { createSeedContext } from "./seed-context.ts";
import type { SeedRow } from "./seed-row.ts";

const workflows = [
  {
    ...exampleWorkflow("etl", [exampleTask("A", { taskGroup: "db", taskGroupPriority: 4 })]),
    executionType: "SERIAL_WAIT",
  },
] as const;

function rowsOf(
  instances: readonly InstanceSeed[],
  tables: Readonly<Record<string, readonly RawSection[]>> = {},
): (table: string) => readonly SeedRow[] {
  const context = createSeedContext({
    case: exampleCase({
      nodes: [exampleNode("master-1", true)],
      database: { workflows, taskGroups: { db: 2 }, instances, tables },
    }),
    nowMs: 0,
    sessionTimeoutMs: 1000,
    workDirectory: "/work",
    addresses: { "master-1": "127.0.0.1:5678" },
    newIncarnation: () => "life",
  });
  const planned = planRows(context);
  return (table) => planned.find((entry) => entry.table === table)?.rows ?? [];
}

const past = [
  exampleInstance("etl", {
    state: "SUCCESS",
    tasks: [{ task: "A", attempts: [exampleAttempt({ state: "SUCCESS" })] }],
  }),
  exampleInstance("etl", {
    ordinal: 2,
    host: "master-1",
    tasks: [{ task: "A", attempts: [exampleAttempt({ state: "RUNNING_EXECUTION" })] }],
  }),
  exampleInstance("etl", { ordinal: 3, state: "SERIAL_WAIT", host: "master-1" }),
];

describe("a past with gates and slots", () => {
  const rows = rowsOf(past);

  test("the instance at work holds the gate, the waiting one has a ticket and no owner", () => {
    const [, second, third] = rows("t_ds_workflow_instance");
    expect(rows("t_ds_serial_gate")).toMatchObject([{ holder: second?.["id"], last_ticket: third?.["id"] }]);
    expect(second).toMatchObject({ owner_incarnation: "life", serial_ticket: null });
    expect(third).toMatchObject({ owner_incarnation: null, serial_ticket: third?.["id"] });
  });

  test("a live attempt holds a slot, and use_size says so", () => {
    expect(rows("t_ds_task_group_queue")).toMatchObject([{ task_id: 2, status: 1, priority: 4 }]);
    expect(rows("t_ds_task_group")).toMatchObject([{ name: "db", group_size: 2, use_size: 1 }]);
  });

  test("an attempt that was only submitted waits for one", () => {
    const attempts = [exampleAttempt({ state: "SUBMITTED_SUCCESS" })];
    const waiting = rowsOf([exampleInstance("etl", { tasks: [{ task: "A", attempts }] })]);
    expect(waiting("t_ds_task_group_queue")).toMatchObject([{ status: -1 }]);
    expect(waiting("t_ds_task_group")).toMatchObject([{ use_size: 0 }]);
  });
});

test("a case that names the tables has exactly its own rows", () => {
  const rows = rowsOf(past, {
    t_ds_serial_gate: [],
    t_ds_task_group_queue: [{ task_id: 9, group_id: 1, status: 1 }],
  });
  expect(rows("t_ds_serial_gate")).toEqual([]);
  expect(rows("t_ds_task_group_queue")).toEqual([{ task_id: 9, group_id: 1, status: 1 }]);
  expect(rows("t_ds_workflow_instance")[2]).toMatchObject({ serial_ticket: null });
});
