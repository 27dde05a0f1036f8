import type { Row, TaskStart } from "../../observe/evidence.ts";
import { type Facts, isUnfinishedTask, numberIn, textIn } from "../facts.ts";
import { describeStart } from "../sections/runs.ts";
import type { Breach, Invariant } from "./invariant.ts";

/** TaskGroupQueueStatus of DolphinScheduler: the slot is held. */
const ACQUIRED = 1;

/** Column `status` of t_ds_task_group: closed, no limit is kept. */
const CLOSED = 0;

/**
 * Of a task group never more slots are held than it has, by the runs of its tasks and by its rows; a task that has
 * ended holds none; and `use_size` says how many are held. Slots that an operator forced do not count, as in
 * DolphinScheduler (their rows go with their end, so a case that forces one waives what its run shows).
 * Source: OWNERSHIP, SLOTS; dolphinscheduler.md 12.11.
 */
export const slotsKept: Invariant = {
  name: "slots-kept",
  rule: "a task group never holds more slots than it has, and gives them back",
  check: (facts) =>
    facts.rows("t_ds_task_group").flatMap((row) => {
      const name = textIn(row, "name");
      const group = { name, id: numberIn(row, "id"), size: numberIn(row, "group_size") };
      if (row["status"] === CLOSED) return idleRows(group, facts);
      return [
        ...idleRows(group, facts),
        ...heldRows(group, facts),
        ...wrongUse(group, row, facts),
        // It may have been made smaller on the way: what ran before that was right.
        ...tooManyRuns(
          { ...group, size: Math.max(group.size, facts.evidence.case.database.taskGroups[name] ?? 0) },
          facts,
        ),
      ];
    }),
};

interface Group {
  readonly id: number;
  readonly name: string;
  readonly size: number;
}

function slotsOf(group: Group, facts: Facts): readonly Row[] {
  return facts
    .rows("t_ds_task_group_queue")
    .filter((row) => numberIn(row, "group_id") === group.id && numberIn(row, "status") === ACQUIRED);
}

const counts = (row: Row): boolean => numberIn(row, "force_start") === 0;

function heldRows(group: Group, facts: Facts): readonly Breach[] {
  const held = slotsOf(group, facts).filter(counts);
  // One that was made smaller keeps what it had given until that is given back.
  const size = Math.max(group.size, facts.evidence.case.database.taskGroups[group.name] ?? 0);
  if (held.length <= size) return [];
  return [{ message: `task group ${group.name}: ${held.length} slots are held of ${group.size}` }];
}

function idleRows(group: Group, facts: Facts): readonly Breach[] {
  const attempts = facts.instances.flatMap((instance) => instance.attempts);
  return slotsOf(group, facts).flatMap((row) => {
    const attempt = attempts.find(({ id }) => id === numberIn(row, "task_id"));
    if (attempt !== undefined && isUnfinishedTask(attempt.state)) return [];
    const id = numberIn(row, "task_id");
    return [{ message: `task group ${group.name}: attempt ${id} has ended and still holds a slot` }];
  });
}

function wrongUse(group: Group, row: Row, facts: Facts): readonly Breach[] {
  const held = slotsOf(group, facts).filter(counts).length;
  if (row["use_size"] === undefined) return [];
  const said = numberIn(row, "use_size");
  if (said === held) return [];
  return [{ message: `task group ${group.name}: use_size is ${said}, and ${held} slots are held` }];
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
