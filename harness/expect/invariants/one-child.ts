import { type AttemptFact, type Facts, type InstanceFact, isUnfinishedWorkflow, numberIn } from "../facts.ts";
import { groupBy } from "../group-by.ts";
import type { Breach, Invariant } from "./invariant.ts";

/**
 * A SUB_WORKFLOW task has one child: a failover goes on with the one that is there, and starts no second one; only a
 * retry or a repeat begins a new one. A child that nobody ever ran may be replaced. Source: dolphinscheduler.md 7.4
 * (18 to 21), 10.1 (#16767); ONE-CHILD of OWNERSHIP.
 */
export const oneChild: Invariant = {
  name: "one-child",
  rule: "a failover starts no second sub-workflow",
  check: (facts) =>
    facts.instances.flatMap((instance) => [
      ...secondChildren(instance, facts),
      ...forgottenChildren(instance, facts),
    ]),
};

const childOf = (attempt: AttemptFact): number => numberIn(attempt.row, "sub_workflow_instance_id");

/** It ran, or may yet run: another one beside it would do its work again. */
function counts(child: InstanceFact): boolean {
  return child.attempts.length > 0 || isUnfinishedWorkflow(child.state);
}

function secondChildren(instance: InstanceFact, facts: Facts): readonly Breach[] {
  return [...groupBy(instance.attempts, ({ task }) => task)].flatMap(([task, attempts]) =>
    attempts.flatMap((attempt, index): readonly Breach[] => {
      const next = attempts[index + 1];
      const before = facts.instanceById(childOf(attempt));
      if (attempt.state !== "NEED_FAULT_TOLERANCE" || next === undefined || before === undefined) return [];
      const after = childOf(next);
      if (after === 0 || after === before.id || !counts(before)) return [];
      const what = `attempt ${attempt.id} had ${before.name}, its successor ${next.id} began instance ${after}`;
      return [{ message: `${instance.name}.${task}: ${what}` }];
    }),
  );
}

/** Children of this parent that none of its attempts knows. */
function forgottenChildren(instance: InstanceFact, facts: Facts): readonly Breach[] {
  const known = new Set(instance.attempts.map(childOf));
  const related = facts
    .rows("t_ds_relation_workflow_instance")
    .filter((row) => numberIn(row, "parent_workflow_instance_id") === instance.id)
    .map((row) => facts.instanceById(numberIn(row, "workflow_instance_id")));
  return related
    .filter((child) => child !== undefined)
    .filter((child) => !known.has(child.id) && counts(child) && facts.touched.has(instance.id))
    .map((child) => ({
      message: `${child.name} (id ${child.id}) is a child of ${instance.name}, of which no attempt knows it`,
    }));
}
