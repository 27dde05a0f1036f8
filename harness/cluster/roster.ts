import type { CaseNode, CaseNodeKind, ResolvedCluster } from "../case/resolved-case.ts";

/** A node of a case with what is settled about it before anything starts. */
export interface RosterEntry extends CaseNode {
  /** What others call it by. No process listens there: links lead to the real port (docs/architecture.md). */
  readonly address: string;
  /** Worker groups beside `default`, in the order of the case. */
  readonly groups: readonly string[];
}

/** The nodes of a case by name, address and role. */
export interface Roster {
  /** In the order of the case: masters, workers, alert servers, each by number. */
  readonly entries: readonly RosterEntry[];
  /** Throws for a name that no node has: names were checked when the case was loaded. */
  byName(name: string): RosterEntry;
  /** Undefined for an address that is nobody's. */
  byAddress(address: string): RosterEntry | undefined;
}

/** First port of each kind: DolphinScheduler's own, so that addresses look familiar in rows and messages. */
const FIRST_PORTS: Readonly<Record<CaseNodeKind, number>> = {
  master: 5678,
  worker: 1234,
  "alert-server": 50052,
};

const NUMBERED = /-(\d+)$/;

/** The address of a node of a case: "master-2" is 127.0.0.1:5679. */
export function addressOfNode(node: { readonly name: string; readonly kind: CaseNodeKind }): string {
  const number = Number(NUMBERED.exec(node.name)?.[1] ?? "1");
  return `127.0.0.1:${FIRST_PORTS[node.kind] + number - 1}`;
}

/** Settles the addresses and groups of a case's nodes. */
export function createRoster(cluster: ResolvedCluster): Roster {
  const entries = cluster.nodes.map((node): RosterEntry => {
    const groups = Object.entries(cluster.groups).filter(([, members]) => members.includes(node.name));
    return { ...node, address: addressOfNode(node), groups: groups.map(([group]) => group) };
  });
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const byAddress = new Map(entries.map((entry) => [entry.address, entry]));
  return {
    entries,
    byName(name) {
      const found = byName.get(name);
      if (found === undefined) throw new Error(`no node is called "${name}"`);
      return found;
    },
    byAddress: (address) => byAddress.get(address),
  };
}
