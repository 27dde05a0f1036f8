import type { WorkerCandidate } from "../dispatch/index.ts";
import type { Member } from "./membership.ts";
import type { WorkerGroupTable } from "./worker-groups.ts";

/** The group that every worker is in. */
export const DEFAULT_GROUP = "default";

function isInGroup(member: Member, group: string, table: WorkerGroupTable | undefined): boolean {
  if (group === DEFAULT_GROUP) return true;
  return (
    (member.heartbeat?.worker?.groups.includes(group) ?? false) ||
    (table?.get(group)?.has(member.address) ?? false)
  );
}

/**
 * Workers of a group that take work: registered, NORMAL, with a readable heartbeat. Every worker is in `default`; in
 * another group is who says so in its heartbeat (its own configuration), or whose address a row of t_ds_worker_group
 * names. Looked up anew each time: a worker that joins later, or a row that is edited, counts from then on.
 */
export function workerCandidates(
  workers: readonly Member[],
  group: string,
  table?: WorkerGroupTable,
): readonly WorkerCandidate[] {
  return workers.flatMap((member) => {
    const { heartbeat } = member;
    if (heartbeat?.worker === undefined || heartbeat.status !== "NORMAL") return [];
    if (!isInGroup(member, group, table)) return [];
    const { weight, taskSlots, tasks } = heartbeat.worker;
    const { cpuUsage = 0, memoryUsage = 0 } = heartbeat;
    const { incarnation, address } = member;
    return [{ incarnation, address, weight, taskSlots, tasks, cpuUsage, memoryUsage }];
  });
}

/**
 * Whether there is such a group: a row names it, or a registered worker does. Before the rows have been read every
 * group counts as known: nothing is refused because of what was not looked at.
 */
export function isGroupKnown(
  workers: readonly Member[],
  group: string,
  table: WorkerGroupTable | undefined,
): boolean {
  if (group === DEFAULT_GROUP || table === undefined || table.has(group)) return true;
  return workers.some((member) => member.heartbeat?.worker?.groups.includes(group) ?? false);
}
