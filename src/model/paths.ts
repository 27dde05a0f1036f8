import type { NodeKind } from "./vocabulary.ts";

/** Where things stand in the registry, below the root of a cluster. */
export const REGISTRY_PATHS = {
  nodes: "/nodes",
  /** Persistent notices of finished failovers. */
  failoverFinished: "/nodes/failover-finish-nodes",
  /** Locks. */
  locks: "/lock",
  masterFailoverLock: "/lock/master-failover",
  /** Whoever holds it is the active alert server. */
  alertLock: "/lock/alert",
} as const;

/** The folder of the live nodes of a kind. */
export function nodesPath(kind: NodeKind): string {
  return `${REGISTRY_PATHS.nodes}/${kind}`;
}

/** The node of one incarnation: never reused, so that a restart on the same address is another node. */
export function nodePath(kind: NodeKind, address: string, incarnation: string): string {
  return `${nodesPath(kind)}/${address}@${incarnation}`;
}

/** Takes the name of a node apart. Undefined for a name that no node of ours would have. */
export function parseNodeName(name: string): { address: string; incarnation: string } | undefined {
  const at = name.lastIndexOf("@");
  if (at <= 0 || at === name.length - 1) return undefined;
  return { address: name.slice(0, at), incarnation: name.slice(at + 1) };
}

/** The notice that an incarnation's failover is finished. */
export function failoverMarkerPath(address: string, startupTime: number, incarnation: string): string {
  return `${REGISTRY_PATHS.failoverFinished}/${address}-${startupTime}-${incarnation}`;
}
