import { describeEvent } from "../describe-event.ts";
import type { AttemptFact, Facts, InstanceFact } from "../facts.ts";
import { groupBy } from "../group-by.ts";
import { describeStart } from "../sections/runs.ts";
import { isDecidedAgain, mayRerun } from "./claims.ts";
import type { Breach, Invariant } from "./invariant.ts";

/** How late a start may be seen after the row that made it needless: the file and the event come from two clocks. */
const TOLERANCE_MS = 50;

/**
 * What succeeded is not done again, unless an operator repeats it: no later attempt, and no later start of the script.
 * Source: dolphinscheduler.md 4.5 (a SUCCESS is replayed, not run) and 12.7.
 */
export const finishedStays: Invariant = {
  name: "finished-stays",
  rule: "a task that succeeded is not run again",
  check: (facts) =>
    facts.instances
      .filter((instance) => !mayRerun(instance, facts))
      .flatMap((instance) =>
        [...groupBy(instance.attempts, ({ task }) => task)]
          .filter(([task]) => !isDecidedAgain(instance, task, facts))
          .flatMap(([task, attempts]) => [
            ...laterAttempts(instance, task, attempts),
            ...laterStarts(instance, task, facts),
          ]),
      ),
};

function laterAttempts(
  instance: InstanceFact,
  task: string,
  attempts: readonly AttemptFact[],
): readonly Breach[] {
  const succeeded = attempts.findIndex(({ state }) => state === "SUCCESS" || state === "FORCED_SUCCESS");
  const later = succeeded < 0 ? undefined : attempts[succeeded + 1];
  if (later === undefined) return [];
  const what = `attempt ${attempts[succeeded]?.id} succeeded, and attempt ${later.id} came after it`;
  return [{ message: `${instance.name}.${task}: ${what}` }];
}

function laterStarts(instance: InstanceFact, task: string, facts: Facts): readonly Breach[] {
  const success = facts
    .eventsOf(instance.id, "task.state")
    .find((event) => event.taskName === task && event.state === "SUCCESS");
  const again = facts.evidence.snapshot.starts.find(
    (start) =>
      success !== undefined &&
      start.workflowInstanceId === instance.id &&
      start.task === task &&
      start.startedAtMs > success.atMs + TOLERANCE_MS,
  );
  if (again === undefined || success === undefined) return [];
  return [
    {
      message: `${instance.name}.${task} was started again after it had succeeded`,
      details: [describeEvent(success, facts), describeStart(again, facts)],
    },
  ];
}
