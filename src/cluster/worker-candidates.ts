import type { WorkerCandidate } from "../dispatch/index.ts";
import type { Member } from "./membership.ts";

/** Workers of a group that take work: registered, NORMAL, with a readable heartbeat. Every worker is in `default`. */
export function workerCandidates(workers: readonly Member[], group: string): readonly WorkerCandidate[] {
  return workers.flatMap((member) => {
    const { heartbeat } = member;
    if (heartbeat?.worker === undefined || heartbeat.status !== "NORMAL") return [];
    if (group !== "default" && !heartbeat.worker.groups.includes(group)) return [];
    const { weight, taskSlots, tasks } = heartbeat.worker;
    return [{ incarnation: member.incarnation, address: member.address, weight, taskSlots, tasks }];
  });
}
