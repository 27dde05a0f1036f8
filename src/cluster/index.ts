export { createMembership, type Member, type Membership } from "./membership.ts";
export { slotOf } from "./slots.ts";
export { isGroupKnown, workerCandidates } from "./worker-candidates.ts";
export { type WorkerGroups, watchWorkerGroups } from "./worker-groups.ts";
