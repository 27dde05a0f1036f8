import {
  type AttemptFact,
  type Facts,
  type InstanceFact,
  isUnfinishedTask,
  isUnfinishedWorkflow,
  numberIn,
} from "../facts.ts";
import { graphOf } from "../graph.ts";
import { mayResume } from "./claims.ts";
import type { Breach, Invariant } from "./invariant.ts";

/**
 * A workflow and its tasks say the same: a finished one has an end time and no unfinished valid attempt; a SUCCESS has
 * only successful ones, but for failures that CONDITIONS took up; a NEED_FAULT_TOLERANCE is invalid and has a
 * successor; an attempt that stands for a sub-workflow ends as that one. Source: dolphinscheduler.md 12.2, 12.3, 12.4.
 */
export const statesAgree: Invariant = {
  name: "states-agree",
  rule: "the states of a workflow and of its tasks agree",
  check: (facts) =>
    facts.instances
      // Rows that nobody touched are as the case put them in.
      .filter(({ id }) => facts.touched.has(id))
      .flatMap((instance) => [
        ...endTimes(instance),
        ...openAttempts(instance),
        ...failedInSuccess(instance, facts),
        ...abandoned(instance),
        ...otherThanChild(instance, facts),
      ]),
};

/** How the child of a SUB_WORKFLOW attempt may have ended, by the state of the attempt. */
const CHILD_STATES: Readonly<Record<string, readonly string[]>> = {
  SUCCESS: ["SUCCESS"],
  PAUSE: ["PAUSE"],
  KILL: ["STOP", "FAILURE"],
  FAILURE: ["FAILURE", "STOP", "PAUSE"],
};

/** An attempt that stands for a sub-workflow has ended as that one has. */
function otherThanChild(instance: InstanceFact, facts: Facts): readonly Breach[] {
  return instance.attempts.flatMap((attempt): readonly Breach[] => {
    const child = facts.instanceById(numberIn(attempt.row, "sub_workflow_instance_id"));
    const allowed = CHILD_STATES[attempt.state];
    if (!attempt.valid || child === undefined || allowed === undefined || allowed.includes(child.state))
      return [];
    // Somebody recovered the child alone: its parent stays as it ended.
    if (mayResume(child, facts) && !mayResume(instance, facts)) return [];
    const what = `is ${attempt.state}, its sub-workflow ${child.name} is ${child.state}`;
    return [{ message: `${instance.name}.${attempt.task}, attempt ${attempt.id}, ${what}` }];
  });
}

function endTimes(instance: InstanceFact): readonly Breach[] {
  const hasEnd = (instance.row["end_time"] ?? null) !== null;
  if (isUnfinishedWorkflow(instance.state) !== hasEnd) return [];
  const what = hasEnd ? "an end time" : "no end time";
  return [{ message: `${instance.name} is ${instance.state} and has ${what}` }];
}

function openAttempts(instance: InstanceFact): readonly Breach[] {
  if (isUnfinishedWorkflow(instance.state)) return [];
  return instance.attempts
    .filter(({ valid, state }) => valid && isUnfinishedTask(state))
    .map((attempt) => ({
      message:
        `${instance.name} has finished as ${instance.state}, ` +
        `its attempt ${attempt.id} of ${attempt.task} is ${attempt.state}`,
    }));
}

function failedInSuccess(instance: InstanceFact, facts: Facts): readonly Breach[] {
  if (instance.state !== "SUCCESS") return [];
  const { edges, types } = graphOf(instance.workflow, facts);
  const isTakenUp = ({ task, state }: AttemptFact): boolean => {
    const successors = edges.filter(({ from }) => from === task).map(({ to }) => types.get(to));
    return state === "FAILURE" && successors.length > 0 && successors.every((type) => type === "CONDITIONS");
  };
  return instance.attempts
    .filter(({ valid, state }) => valid && state !== "SUCCESS" && state !== "FORCED_SUCCESS")
    .filter((attempt) => !isUnfinishedTask(attempt.state) && !isTakenUp(attempt))
    .map(({ task, id, state }) => ({
      message: `${instance.name} is SUCCESS, its attempt ${id} of ${task} is ${state}`,
    }));
}

function abandoned(instance: InstanceFact): readonly Breach[] {
  return instance.attempts
    .filter(({ state }) => state === "NEED_FAULT_TOLERANCE")
    .flatMap((attempt): readonly Breach[] => {
      const what = `${instance.name}.${attempt.task}, attempt ${attempt.id}, was given up for another worker`;
      if (attempt.valid) return [{ message: `${what} and is still valid (flag YES)` }];
      const hasNext = instance.attempts.some(({ task, id }) => task === attempt.task && id > attempt.id);
      return hasNext || isUnfinishedWorkflow(instance.state)
        ? []
        : [{ message: `${what} and has no successor` }];
    });
}
