import { describeEvent } from "../describe-event.ts";
import { type Facts, type InstanceFact, isUnfinishedWorkflow } from "../facts.ts";
import { isList, isMap } from "../matchers.ts";
import type { Invariant } from "./invariant.ts";

const EVENTS_SHOWN = 6;

/**
 * Every workflow ends, or the case says in which state it stays: an instance whose `state` the case expects has been
 * judged there. Source: dolphinscheduler.md 12.3; NO-HANG of OWNERSHIP.
 */
export const everythingEnds: Invariant = {
  name: "everything-ends",
  rule: "every workflow ends unless the case expects otherwise",
  check: (facts) =>
    facts.instances
      .filter((instance) => isUnfinishedWorkflow(instance.state) && !isExpected(instance, facts))
      .map((instance) => ({
        message: `${instance.name} has not ended: ${instance.state}`,
        details: lastEventsOf(instance, facts),
      })),
};

function isExpected(instance: InstanceFact, facts: Facts): boolean {
  const { instances } = facts.evidence.case.expect;
  const list = isMap(instances) ? instances["$unordered"] : instances;
  return (
    isList(list) &&
    list.some((item) => isMap(item) && item["workflow"] === instance.workflow && item["state"] !== undefined)
  );
}

function lastEventsOf({ id }: InstanceFact, facts: Facts): readonly string[] {
  return facts.evidence.history
    .filter((event) => "workflowInstanceId" in event && event.workflowInstanceId === id)
    .slice(-EVENTS_SHOWN)
    .map((event) => describeEvent(event, facts));
}
