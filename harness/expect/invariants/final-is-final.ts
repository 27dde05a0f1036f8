import { describeEvent } from "../describe-event.ts";
import { type Facts, isUnfinishedTask, isUnfinishedWorkflow, numberIn } from "../facts.ts";
import { groupBy } from "../group-by.ts";
import { wordIn } from "../words.ts";
import { mayResume, resumingClaims } from "./claims.ts";
import type { Breach, Invariant } from "./invariant.ts";
import { isThawing } from "./lives.ts";

/**
 * A finished row stays as it is, but for its flag; except that a PAUSE may be resumed, a FAILURE forced to success, and
 * a workflow that an operator recovers or repeats goes on. Source: OWNERSHIP, "Run" (finished rows immutable).
 */
export const finalIsFinal: Invariant = {
  name: "final-is-final",
  rule: "what has finished does not change",
  check: (facts) => [...changedAttempts(facts), ...changedWorkflows(facts), ...changedSeeds(facts)],
};

function isAllowed(from: string, to: string): boolean {
  return from === to || from === "PAUSE" || (from === "FAILURE" && to === "FORCED_SUCCESS");
}

interface Told {
  readonly atMs: number;
  readonly epoch: number;
  readonly incarnation: string;
}

/**
 * Without what a process that stood still told when it woke up, of an epoch that was over by then: it wrote that before
 * it stood still. Had it written it afterwards, the row would say so.
 */
function inOrder<E extends Told>(events: readonly E[], facts: Facts): readonly E[] {
  return events.filter(
    (event, index) =>
      !events.slice(0, index).some(({ epoch }) => epoch > event.epoch) ||
      !isThawing(facts.lifeOf(event.incarnation), event.atMs),
  );
}

function changedAttempts(facts: Facts): readonly Breach[] {
  const byAttempt = groupBy(facts.events("task.state"), ({ taskInstanceId }) => taskInstanceId);
  return [...byAttempt].flatMap(([id, all]): readonly Breach[] => {
    const events = inOrder(all, facts);
    const at = events.findIndex(({ state }) => !isUnfinishedTask(state));
    const final = events[at];
    if (final === undefined) return [];
    const later = events.slice(at + 1).find(({ state }) => !isAllowed(final.state, state));
    if (later !== undefined) {
      const message = `${final.taskName}, attempt ${id}, had finished as ${final.state} and became ${later.state}`;
      return [{ message, details: events.map((event) => describeEvent(event, facts)) }];
    }
    return rowDiffers(final.workflowInstanceId, id, events.at(-1)?.state ?? final.state, facts);
  });
}

/** The last state that was told is final, and the row says something else. */
function rowDiffers(instanceId: number, id: number, told: string, facts: Facts): readonly Breach[] {
  const attempt = facts.instanceById(instanceId)?.attempts.find((one) => one.id === id);
  if (attempt === undefined || isUnfinishedTask(told) || isAllowed(told, attempt.state)) return [];
  return [
    { message: `${attempt.task}, attempt ${id}, had finished as ${told}, and its row says ${attempt.state}` },
  ];
}

function changedWorkflows(facts: Facts): readonly Breach[] {
  const byInstance = groupBy(facts.events("workflow.state"), ({ workflowInstanceId }) => workflowInstanceId);
  return [...byInstance].flatMap(([id, all]): readonly Breach[] => {
    const events = inOrder(all, facts);
    const instance = facts.instanceById(id);
    const claims = resumingClaims(id, facts);
    const breach = events.find((event, index) => {
      const before = events[index - 1];
      if (before === undefined || isUnfinishedWorkflow(before.state) || before.state === event.state)
        return false;
      return (
        !claims.some((atMs) => atMs >= before.atMs) && !(instance !== undefined && mayResume(instance, facts))
      );
    });
    if (breach !== undefined) {
      const message = `instance ${id} had finished and became ${breach.state}`;
      return [{ message, details: events.map((event) => describeEvent(event, facts)) }];
    }
    const last = events.at(-1);
    if (last === undefined || instance === undefined || isUnfinishedWorkflow(last.state)) return [];
    if (instance.state === last.state || mayResume(instance, facts)) return [];
    return [
      { message: `${instance.name} had finished as ${last.state}, and its row says ${instance.state}` },
    ];
  });
}

/** Rows that were finished when they were put in never had an event. */
function changedSeeds(facts: Facts): readonly Breach[] {
  const attempts = (facts.evidence.seeded?.["t_ds_task_instance"] ?? []).flatMap((row): readonly Breach[] => {
    const seeded = String(wordIn("t_ds_task_instance", "state", row["state"]));
    const id = numberIn(row, "id");
    return isUnfinishedTask(seeded)
      ? []
      : rowDiffers(numberIn(row, "workflow_instance_id"), id, seeded, facts);
  });
  const instances = (facts.evidence.seeded?.["t_ds_workflow_instance"] ?? []).flatMap(
    (row): readonly Breach[] => {
      const seeded = String(wordIn("t_ds_workflow_instance", "state", row["state"]));
      const instance = facts.instanceById(numberIn(row, "id"));
      if (instance === undefined || isUnfinishedWorkflow(seeded) || instance.state === seeded) return [];
      if (mayResume(instance, facts)) return [];
      return [{ message: `${instance.name} was given as ${seeded}, and its row says ${instance.state}` }];
    },
  );
  return [...attempts, ...instances];
}
