import type { TaskStart } from "../../observe/evidence.ts";
import type { Facts, InstanceFact } from "../facts.ts";
import { graphOf } from "../graph.ts";
import { groupBy } from "../group-by.ts";
import { describeStart } from "../sections/runs.ts";
import { mayResume } from "./claims.ts";
import type { Breach, Invariant } from "./invariant.ts";

/**
 * A task starts only after all its predecessors have ended: no run of a predecessor begins, or is still alive, after
 * the first run of its successor began. Source: dolphinscheduler.md 12.10.
 */
export const orderKept: Invariant = {
  name: "order-kept",
  rule: "a task starts after its predecessors have ended",
  check: (facts) => {
    const starts = groupBy(facts.evidence.snapshot.starts, ({ workflowInstanceId }) => workflowInstanceId);
    return (
      facts.instances
        // After a repeat or a recovery a predecessor may rightly run after a successor of the time before.
        .filter((instance) => !mayResume(instance, facts))
        .flatMap((instance) => outOfOrder(instance, starts.get(instance.id) ?? [], facts))
    );
  },
};

function outOfOrder(instance: InstanceFact, starts: readonly TaskStart[], facts: Facts): readonly Breach[] {
  if (starts.length === 0) return [];
  return graphOf(instance.workflow, facts).edges.flatMap(({ from, to }): readonly Breach[] => {
    const [successor] = starts
      .filter(({ task }) => task === to)
      .sort((one, other) => one.startedAtMs - other.startedAtMs);
    if (successor === undefined) return [];
    const late = starts.find(
      (start) =>
        start.task === from &&
        (start.startedAtMs > successor.startedAtMs || (start.finishedAtMs ?? 0) > successor.startedAtMs),
    );
    if (late === undefined) return [];
    const message = `${instance.name}.${to} started before its predecessor ${from} had ended`;
    return [{ message, details: [describeStart(successor, facts), describeStart(late, facts)] }];
  });
}
