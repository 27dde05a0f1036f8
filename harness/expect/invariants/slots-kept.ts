import type { TaskStart } from "../../observe/evidence.ts";
import { type Facts, isUnfinishedTask, numberIn, textIn } from "../facts.ts";
import { describeStart } from "../sections/runs.ts";
import type { Breach, Invariant } from "./invariant.ts";

/** TaskGroupQueueStatus of DolphinScheduler: the slot is held. */
const ACQUIRED = 1;

/**
 * Of a task group never more slots are held than it has, by the runs of its tasks and by its rows; and a task that has
 * ended holds none. Source: OWNERSHIP, SLOTS; dolphinscheduler.md 12.11.
 */
export const slotsKept: Invariant = {
  name: "slots-kept",
  rule: "a task group never holds more slots than it has, and gives them back",
  check: (facts) =>
    facts.rows("t_ds_task_group").flatMap((group) => {
      const name = textIn(group, "name");
      const size = numberIn(group, "group_size");
      return [
        ...heldRows({ name, size, id: numberIn(group, "id") }, facts),
        ...tooManyRuns({ name, size }, facts),
      ];
    }),
};

interface Group {
  readonly name: string;
  readonly size: number;
}

function heldRows(group: Group & { readonly id: number }, facts: Facts): readonly Breach[] {
  const held = facts
    .rows("t_ds_task_group_queue")
    .filter((row) => numberIn(row, "group_id") === group.id && numberIn(row, "status") === ACQUIRED);
  const attempts = facts.instances.flatMap((instance) => instance.attempts);
  const idle = held.filter((row) => {
    const attempt = attempts.find(({ id }) => id === numberIn(row, "task_id"));
    return attempt === undefined || !isUnfinishedTask(attempt.state);
  });
  const over = `task group ${group.name}: ${held.length} slots are held of ${group.size}`;
  return [
    ...(held.length > group.size ? [{ message: over }] : []),
    ...idle.map((row) => ({
      message: `task group ${group.name}: attempt ${numberIn(row, "task_id")} has ended and still holds a slot`,
    })),
  ];
}

function tooManyRuns(group: Group, facts: Facts): readonly Breach[] {
  const members = new Set(
    facts.evidence.case.database.workflows.flatMap(({ name, tasks }) =>
      tasks.filter(({ taskGroup }) => taskGroup === group.name).map((task) => `${name}.${task.name}`),
    ),
  );
  const starts = facts.evidence.snapshot.starts.filter(({ workflow, task }) =>
    members.has(`${workflow}.${task}`),
  );
  const crowded = starts.find((start) => aliveAt(start.startedAtMs, starts).length > group.size);
  if (crowded === undefined) return [];
  const together = aliveAt(crowded.startedAtMs, starts);
  const message = `task group ${group.name}: ${together.length} tasks ran at once with ${group.size} slots`;
  return [{ message, details: together.map((start) => describeStart(start, facts)) }];
}

function aliveAt(atMs: number, starts: readonly TaskStart[]): readonly TaskStart[] {
  // The end of a run that was killed is not known: it cannot be held against anybody.
  return starts.filter(({ startedAtMs, finishedAtMs }) => startedAtMs <= atMs && (finishedAtMs ?? 0) > atMs);
}
