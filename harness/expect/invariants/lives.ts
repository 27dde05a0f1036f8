import { servicesOf } from "../../case/index.ts";
import type { Facts, LifeFact } from "../facts.ts";

/**
 * How late the harness may see the end of a process, and how late a process may tell what it did: others can have
 * noticed before, since a guard ends the session within milliseconds.
 */
export const TELLING_MS = 300;

/** From when on a process could be taken for dead with good reason; undefined: never. */
export function mayBeDeadSince(life: LifeFact, facts: Facts): number | undefined {
  const { incarnation } = life;
  const told = [...facts.events("registry.session.lost"), ...facts.events("node.stopping")]
    .filter((event) => event.incarnation === incarnation)
    .map(({ atMs }) => atMs - TELLING_MS);
  const step = facts.evidence.steps.find(({ id }) => id === life.endedBy);
  const ended =
    life.endedAtMs === undefined ? [] : [life.endedAtMs - TELLING_MS, step?.firedAtMs ?? life.endedAtMs];
  const frozen = life.pauses.map(({ fromMs }) => fromMs - TELLING_MS);
  const reasons = [...told, ...ended, ...frozen, ...disturbances(facts)];
  return reasons.length === 0 ? undefined : Math.min(...reasons);
}

/** Whether a step had frozen or ended the process, or broken what its session needs, before that time. */
export function wasTouched(life: LifeFact, atMs: number, facts: Facts): boolean {
  const ended = facts.evidence.steps.find(({ id }) => id === life.endedBy)?.firedAtMs;
  const touched = [...life.pauses.map(({ fromMs }) => fromMs), ...disturbances(facts), ended];
  return touched.some((touchedAtMs) => touchedAtMs !== undefined && touchedAtMs <= atMs);
}

const ACTIONS_ON_SESSIONS = new Set([
  "expireSession",
  "partition",
  "latency",
  "bandwidth",
  "reset",
  "outage",
  "stall",
  "promote",
  "skewClock",
  "overload",
]);

/** Steps that break a service, a link or a clock: after them a living process may lose its session. */
function disturbances(facts: Facts): readonly number[] {
  const ofServices = new Set(
    facts.evidence.case.steps.flatMap(({ id, action }) =>
      ACTIONS_ON_SESSIONS.has(action.kind === "unsupported" ? action.name : action.kind) ||
      ("target" in action && servicesOf(action.target).length > 0)
        ? [id]
        : [],
    ),
  );
  return facts.evidence.steps.flatMap(({ id, action, firedAtMs }) =>
    firedAtMs !== undefined && (ofServices.has(id) || ACTIONS_ON_SESSIONS.has(action)) ? [firedAtMs] : [],
  );
}

/**
 * Whether a process was frozen at that time, or had only just been thawed: what it tells then it may have done before.
 */
export function isThawing(life: LifeFact | undefined, atMs: number): boolean {
  return (
    life?.pauses.some(
      ({ fromMs, toMs }) => atMs >= fromMs && (toMs === undefined || atMs <= toMs + TELLING_MS),
    ) ?? false
  );
}
