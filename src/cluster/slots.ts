import type { Member } from "./membership.ts";

/**
 * Which share of the commands this master prefers: its place among the masters that it sees. A BUSY one takes no share,
 * unless all are BUSY: then each has one again, since work that nobody takes is worse than work that waits its turn.
 * Only a preference: masters may disagree, and correctness rests on SKIP LOCKED. Undefined when it has none: it still
 * takes commands that nobody else has taken for `slotPatience`.
 */
export function slotOf(
  masters: readonly Member[],
  incarnation: string,
): { readonly slot: number; readonly slots: number } | undefined {
  const normal = masters.filter((member) => member.heartbeat?.status !== "BUSY");
  const fit = normal.length > 0 ? normal : masters;
  const slot = fit.findIndex((member) => member.incarnation === incarnation);
  return slot < 0 ? undefined : { slot, slots: fit.length };
}
