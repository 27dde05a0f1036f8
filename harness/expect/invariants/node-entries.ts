import { parseNodeName } from "../../../src/model/index.ts";
import type { RegistryRecord } from "../../observe/evidence.ts";
import type { Facts } from "../facts.ts";

const NODE = /^\/nodes\/(?:master|worker|alert-server)\/([^/]+)$/;
/** A session ends by T; after twice that and a second for the registry's own work nothing of it may stand. */
const SESSIONS_OF_GRACE = 2;
const GRACE_MS = 1000;

/** The incarnation in the path of a node's own entry. */
export function incarnationIn(path: string): string | undefined {
  const name = NODE.exec(path)?.[1];
  return name === undefined ? undefined : parseNodeName(name)?.incarnation;
}

/** The incarnation that holds a lock, where it is known. */
export function holderOf({ value }: RegistryRecord, facts: Facts): string | undefined {
  const incarnation = parseNodeName(value)?.incarnation ?? value;
  return facts.lifeOf(incarnation) === undefined ? undefined : incarnation;
}

/** Whether an incarnation has been dead for so long that its session must be over, too. */
export function isLongDead(incarnation: string, facts: Facts): boolean {
  const endedAtMs = facts.lifeOf(incarnation)?.endedAtMs;
  const { sessionTimeoutMs, snapshot } = facts.evidence;
  if (endedAtMs === undefined) return false;
  return snapshot.atMs - endedAtMs > SESSIONS_OF_GRACE * sessionTimeoutMs + GRACE_MS;
}
