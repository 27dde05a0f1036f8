import type { Facts } from "../facts.ts";
import { describeStart } from "../sections/runs.ts";
import type { Breach, Invariant } from "./invariant.ts";
import { holderOf, incarnationIn, isLongDead } from "./node-entries.ts";

/**
 * At the end nothing of the dead stands in the registry and no process of a finished task runs. (Commands are the
 * business of `commands`, by default none; nodes run until the case is judged.) A session takes its time to end, so
 * only what should long be gone counts. Source: dolphinscheduler.md 12.6, 12.11.
 */
export const nothingLeft: Invariant = {
  name: "nothing-left",
  rule: "the dead and the finished leave nothing behind",
  check: (facts) => [...leftEntries(facts), ...leftProcesses(facts)],
};

function leftEntries(facts: Facts): readonly Breach[] {
  return facts.evidence.snapshot.registry.flatMap((record): readonly Breach[] => {
    const incarnation = record.kind === "lock" ? holderOf(record, facts) : incarnationIn(record.path);
    if (incarnation === undefined || !record.ephemeral || !isLongDead(incarnation, facts)) return [];
    const what = record.kind === "lock" ? "the lock" : "the entry";
    return [
      { message: `${what} ${record.path} of ${facts.nameOf(incarnation)} stands although it is long dead` },
    ];
  });
}

/** A process whose attempt has ended in the table: nobody waits for it any more. */
function leftProcesses(facts: Facts): readonly Breach[] {
  const ended = new Set(
    facts.instances.flatMap(({ attempts }) =>
      attempts.filter(({ row }) => (row["end_time"] ?? null) !== null).map(({ id }) => id),
    ),
  );
  return facts.evidence.snapshot.starts
    .filter((start) => start.alive === true && ended.has(start.taskInstanceId))
    .map((start) => ({
      message: `a process of ${start.workflow}.${start.task} still runs although its attempt has ended`,
      details: [describeStart(start, facts)],
    }));
}
