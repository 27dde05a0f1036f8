import { errorMessage } from "../base/index.ts";
import { type Events, type NodeKind, nodesPath, parseNodeName } from "../model/index.ts";
import type { RegistryEntry, RegistrySession, Watch, Watcher } from "../registry/index.ts";
import type { Heartbeat } from "../rpc/index.ts";

/** A life that stands in the registry. */
export interface Member {
  readonly kind: NodeKind;
  readonly address: string;
  readonly incarnation: string;
  /** Undefined when the node's value cannot be read: it is there, and gets no work. */
  readonly heartbeat: Heartbeat | undefined;
}

export interface MembershipListener {
  joined(member: Member): void;
  left(member: Member): void;
  /** Its heartbeat changed. */
  updated(member: Member): void;
}

/** This node's view of the cluster. It may be stale; nothing is decided from it alone. */
export interface Membership {
  /** Snapshots of all kinds have come in the present session: before that nobody is missing. */
  readonly complete: boolean;
  members(kind: NodeKind): readonly Member[];
  find(incarnation: string): Member | undefined;
  /** Watches through this session from now on; whoever is not there any more has left. */
  attach(session: RegistrySession): Promise<void>;
  close(): Promise<void>;
}

const WATCHED_KINDS: readonly NodeKind[] = ["master", "worker"];

function parseHeartbeat(text: string): Heartbeat | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const looksRight =
      typeof value === "object" && value !== null && "incarnation" in value && "status" in value;
    return looksRight ? (value as Heartbeat) : undefined;
  } catch {
    return undefined;
  }
}

function parseMember(
  kind: NodeKind,
  entry: { readonly path: string; readonly value: string },
): Member | undefined {
  const name = parseNodeName(entry.path.slice(nodesPath(kind).length + 1));
  return name === undefined ? undefined : { kind, ...name, heartbeat: parseHeartbeat(entry.value) };
}

/** A view of masters and workers that is empty until it is attached to a session. */
export function createMembership(options: {
  readonly events: Events;
  readonly listener: MembershipListener;
  readonly warn: (message: string) => void;
}): Membership {
  const { events, listener, warn } = options;
  const view = new Map<string, Member>();
  const snapshots = new Set<NodeKind>();
  let watches: Watch[] = [];
  let generation = 0;

  function put(member: Member): void {
    const known = view.get(member.incarnation);
    view.set(member.incarnation, member);
    if (known !== undefined) return listener.updated(member);
    const { kind, address, incarnation } = member;
    events.emit({ type: "cluster.node.joined", kind, of: address, ofIncarnation: incarnation });
    listener.joined(member);
  }

  function remove(member: Member): void {
    if (!view.delete(member.incarnation)) return;
    const { kind, address, incarnation } = member;
    events.emit({ type: "cluster.node.left", kind, of: address, ofIncarnation: incarnation });
    listener.left(member);
  }

  function applySnapshot(kind: NodeKind, entries: readonly RegistryEntry[]): void {
    const present = entries.map((entry) => parseMember(kind, entry)).filter((member) => member !== undefined);
    const incarnations = new Set(present.map((member) => member.incarnation));
    snapshots.add(kind);
    for (const member of [...view.values()]) {
      if (member.kind === kind && !incarnations.has(member.incarnation)) remove(member);
    }
    for (const member of present) put(member);
  }

  function watcherOf(kind: NodeKind, mine: number): Watcher {
    return {
      snapshot(entries) {
        if (mine === generation) applySnapshot(kind, entries);
      },
      event(event) {
        if (mine !== generation) return;
        const member = parseMember(kind, event);
        if (member === undefined) return;
        if (event.type === "REMOVED") remove(member);
        else put(member);
      },
    };
  }

  async function closeWatches(): Promise<void> {
    const old = watches;
    watches = [];
    await Promise.all(
      old.map((watch) =>
        watch.close().catch((error: unknown) => warn(`a watch did not close: ${errorMessage(error)}`)),
      ),
    );
  }

  return {
    get complete() {
      return WATCHED_KINDS.every((kind) => snapshots.has(kind));
    },
    members: (kind) =>
      [...view.values()]
        .filter((member) => member.kind === kind)
        .toSorted((left, right) =>
          `${left.address}@${left.incarnation}` < `${right.address}@${right.incarnation}` ? -1 : 1,
        ),
    find: (incarnation) => view.get(incarnation),
    async attach(session) {
      generation += 1;
      snapshots.clear();
      await closeWatches();
      for (const kind of WATCHED_KINDS)
        watches.push(await session.watch(nodesPath(kind), watcherOf(kind, generation)));
    },
    async close() {
      generation += 1;
      await closeWatches();
    },
  };
}
