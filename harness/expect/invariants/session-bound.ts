import { describeEvent } from "../describe-event.ts";
import type { Facts } from "../facts.ts";
import type { Breach, Invariant } from "./invariant.ts";
import { mayBeDeadSince } from "./lives.ts";
import { incarnationIn } from "./node-entries.ts";

/**
 * Entries and locks are bound to a session: a node's own entry is ephemeral and does not go while the node lives and
 * keeps its session (nobody deletes the node of another), and locks belong to a session.
 * Source: DESIGN 5, identity; registry-torture R09, R11, R22.
 */
export const sessionBound: Invariant = {
  name: "session-bound",
  rule: "entries and locks live as long as their session",
  check: (facts) => [...removedWhileAlive(facts), ...withoutSession(facts)],
};

function removedWhileAlive(facts: Facts): readonly Breach[] {
  return facts.evidence.history.flatMap((event): readonly Breach[] => {
    if (event.source !== "registry" || event.type !== "registry.entry.removed") return [];
    const life = facts.lifeOf(incarnationIn(event.path) ?? "");
    const since = life === undefined ? undefined : mayBeDeadSince(life, facts);
    if (life === undefined || (since !== undefined && since <= event.atMs)) return [];
    const message = `the entry of ${life.node.name} went while it lived and had its session`;
    return [{ message, details: [describeEvent(event, facts)] }];
  });
}

function withoutSession(facts: Facts): readonly Breach[] {
  return facts.evidence.snapshot.registry
    .filter(
      ({ kind, path, sessionId }) =>
        sessionId === null && (kind === "lock" || incarnationIn(path) !== undefined),
    )
    .map(({ kind, path }) => ({ message: `the ${kind} ${path} belongs to no session` }));
}
