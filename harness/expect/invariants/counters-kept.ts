import { type Facts, type InstanceFact, numberIn } from "../facts.ts";
import { mayResume } from "./claims.ts";
import type { Breach, Invariant } from "./invariant.ts";

/**
 * A failover changes neither run_times nor retry_times: the clone of an attempt that was given up has its number, and
 * an instance that nobody repeats or recovers keeps its own. Source: dolphinscheduler.md 12.8.
 */
export const countersKept: Invariant = {
  name: "counters-kept",
  rule: "a failover changes neither run_times nor retry_times",
  check: (facts) =>
    facts.instances.flatMap((instance) => [...runTimes(instance, facts), ...retryTimes(instance)]),
};

function runTimes(instance: InstanceFact, facts: Facts): readonly Breach[] {
  const seeded = (facts.evidence.seeded?.["t_ds_workflow_instance"] ?? []).find(
    (row) => numberIn(row, "id") === instance.id,
  );
  if (seeded === undefined || mayResume(instance, facts)) return [];
  const before = numberIn(seeded, "run_times");
  const after = numberIn(instance.row, "run_times");
  if (before === after) return [];
  return [{ message: `${instance.name}: run_times was ${before} and is ${after}` }];
}

function retryTimes(instance: InstanceFact): readonly Breach[] {
  return instance.attempts.flatMap((attempt): readonly Breach[] => {
    if (attempt.state !== "NEED_FAULT_TOLERANCE") return [];
    const clone = instance.attempts.find(({ task, id }) => task === attempt.task && id > attempt.id);
    if (clone === undefined || clone.retryTimes === attempt.retryTimes) return [];
    const what = `${instance.name}.${attempt.task}: attempt ${attempt.id} had retry_times ${attempt.retryTimes}`;
    return [{ message: `${what}, its clone ${clone.id} has ${clone.retryTimes}` }];
  });
}
