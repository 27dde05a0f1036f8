import { pointerTo } from "../../base/index.ts";
import { parseTaskRef } from "../../case/index.ts";
import type { Json } from "../../case/resolved-case.ts";
import type { TaskStart } from "../../observe/evidence.ts";
import { showTime } from "../describe-event.ts";
import type { Facts } from "../facts.ts";
import { isMap, isMatcher, mismatchOf, show } from "../matchers.ts";
import { expectationFinding, type Section } from "../section.ts";

/** How often the scripts of tasks started (a number), or started and finished, by their own effects. */
export const judgeRuns: Section = (value, pointer, context) => {
  const { facts, scope } = context;
  return Object.entries(isMap(value) ? value : {}).flatMap(([task, expected]) => {
    const starts = startsOf(task, facts);
    const counts: Json = {
      started: starts.length,
      finished: starts.filter(({ finishedAtMs }) => finishedAtMs !== undefined).length,
    };
    const asked: Json = isMap(expected) && !isMatcher(expected) ? expected : { started: expected };
    const found = mismatchOf(asked, counts, scope);
    if (found === undefined) return [];
    const message = `runs of ${task}, ${found.path.join(".")}: expected ${found.expected}, was ${found.actual}`;
    const details = starts.map((start) => describeStart(start, facts));
    return [expectationFinding("runs", pointerTo(pointer, task), message, details)];
  });
};

function startsOf(task: string, facts: Facts): readonly TaskStart[] {
  const ref = parseTaskRef(String(task));
  if (ref === undefined) return [];
  const all = facts.evidence.snapshot.starts.filter(
    (start) => start.workflow === ref.workflow && start.task === ref.task,
  );
  if (ref.ordinal === null) return all;
  const ids = facts.instancesOf(ref).map(({ id }) => id);
  return all.filter(({ workflowInstanceId }) => ids.includes(workflowInstanceId));
}

export function describeStart(start: TaskStart, facts: Pick<Facts, "nameOf">): string {
  const where = start.node === undefined || start.node === "" ? "" : ` on ${facts.nameOf(start.node)}`;
  const end =
    start.finishedAtMs === undefined
      ? start.alive === true
        ? "still running"
        : "ended from outside"
      : `ended at ${showTime(start.finishedAtMs)} with exit code ${show(start.exitCode ?? null)}`;
  return (
    `${start.workflow}.${start.task} run ${start.run} of instance ${start.workflowInstanceId}, ` +
    `attempt ${start.taskInstanceId}${where}: started at ${showTime(start.startedAtMs)}, ${end}`
  );
}
