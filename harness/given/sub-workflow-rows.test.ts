import { expect, test } from "@jest/globals";
import type { InstanceSeed } from "../case/resolved-case.ts";
import {
  exampleAttempt,
  exampleCase,
  exampleInstance,
  exampleTask,
  exampleWorkflow,
} from "./example-case.ts";
import { planRows } from "./plan-rows.ts";
import { createSeedContext } from "./seed-context.ts";

const top = exampleWorkflow("top", [exampleTask("S", { action: { kind: "subWorkflow", workflow: "sub" } })]);
const sub = exampleWorkflow("sub", [exampleTask("A")]);
const inTop = { workflow: "top", ordinal: null, task: "S" };

function rowsOf(instances: readonly InstanceSeed[]) {
  const context = createSeedContext({
    case: exampleCase({ database: { workflows: [top, sub], instances } }),
    nowMs: 0,
    sessionTimeoutMs: 1000,
    workDirectory: "/work",
    addresses: {},
    newIncarnation: () => "life",
  });
  const planned = planRows(context);
  return (table: string) => planned.find((entry) => entry.table === table)?.rows ?? [];
}

const attemptsOf = (...attempts: Parameters<typeof exampleAttempt>[0][]) => [
  { task: "S", attempts: attempts.map((more) => exampleAttempt(more)) },
];

test.each([
  ["the attempt says so", { child: { workflow: "sub", ordinal: null } }, undefined],
  ["the child says so", {}, inTop],
])("parent and child know each other when %s", (_, attempt, parent) => {
  const rows = rowsOf([
    exampleInstance("top", { tasks: attemptsOf({ state: "NEED_FAULT_TOLERANCE", flag: "NO" }, attempt) }),
    exampleInstance("sub", { parent }),
  ]);
  expect(rows("t_ds_task_instance")).toMatchObject([
    { sub_workflow_instance_id: null, app_link: null },
    { sub_workflow_instance_id: 2, app_link: '{"subWorkflowInstanceId":2}' },
  ]);
  expect(rows("t_ds_relation_workflow_instance")).toEqual([
    { parent_workflow_instance_id: 1, parent_task_instance_id: 2, workflow_instance_id: 2 },
  ]);
  expect(rows("t_ds_workflow_instance")).toMatchObject([{ is_sub_workflow: 0 }, { is_sub_workflow: 1 }]);
});

test("of several children the newest belongs to the newest attempt", () => {
  const rows = rowsOf([
    exampleInstance("top", { tasks: attemptsOf({}) }),
    exampleInstance("sub", { parent: inTop }),
    exampleInstance("sub", { parent: inTop, ordinal: 2 }),
  ]);
  expect(rows("t_ds_task_instance")).toMatchObject([{ sub_workflow_instance_id: 3 }]);
});
