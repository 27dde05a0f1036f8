export { createMembership, type Member, type Membership } from "./membership.ts";
export { slotOf } from "./slots.ts";
export { workerCandidates } from "./worker-candidates.ts";
