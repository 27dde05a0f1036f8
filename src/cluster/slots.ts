import type { Member } from "./membership.ts";

/**
 * Which share of the commands this master prefers: its place among the masters that it sees. Only a preference: masters
 * may disagree, and correctness rests on SKIP LOCKED. Undefined when it does not see itself.
 */
export function slotOf(
  masters: readonly Member[],
  incarnation: string,
): { readonly slot: number; readonly slots: number } | undefined {
  const fit = masters.filter((member) => member.heartbeat?.status !== "BUSY");
  const slot = fit.findIndex((member) => member.incarnation === incarnation);
  return slot < 0 ? undefined : { slot, slots: fit.length };
}
