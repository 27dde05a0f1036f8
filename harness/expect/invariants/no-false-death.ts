import { describeEvent } from "../describe-event.ts";
import type { Invariant } from "./invariant.ts";
import { mayBeDeadSince } from "./lives.ts";

/**
 * Nobody is failed over who lives, keeps his session and did not say that he leaves. A process that was killed, stopped
 * or frozen, or whose registry or database was disturbed, may be. Source: OWNERSHIP, NO-ROBBERY.
 */
export const noFalseDeath: Invariant = {
  name: "no-false-death",
  rule: "a living node is not failed over",
  check: (facts) =>
    facts.events("failover.started").flatMap((event) => {
      const life = facts.lifeOf(event.ofIncarnation);
      const since = life === undefined ? undefined : mayBeDeadSince(life, facts);
      if (life === undefined || (since !== undefined && since <= event.atMs)) return [];
      const message = `${event.nodeName} took ${life.node.name} for dead, which lived and had its session`;
      return [{ message, details: [describeEvent(event, facts)] }];
    }),
};
