import { errorMessage } from "../base/index.ts";
import { type Events, type NodeKind, nodesPath, parseNodeName } from "../model/index.ts";
import type { RegistrySession, Watch, Watcher } from "../registry/index.ts";
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

const WATCHED_KINDS: readonly NodeKind[] = ["master", "worker", "alert-server"];

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

interface MembershipOptions {
  readonly events: Events;
  readonly listener: MembershipListener;
  readonly warn: (message: string) => void;
}

/** The lives that are known, and the word to be given of each change. */
class View {
  readonly #members = new Map<string, Member>();
  readonly #options: MembershipOptions;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get all(): readonly Member[] {
    return Array.from(this.#members.values());
  }

  find(incarnation: string): Member | undefined {
    return this.#members.get(incarnation);
  }

  put(member: Member): void {
    const { events, listener } = this.#options;
    const { kind, address, incarnation } = member;
    const known = this.#members.has(incarnation);
    this.#members.set(incarnation, member);
    if (known) return listener.updated(member);
    events.emit({ type: "cluster.node.joined", kind, of: address, ofIncarnation: incarnation });
    listener.joined(member);
  }

  remove(incarnation: string): void {
    const { events, listener } = this.#options;
    const member = this.#members.get(incarnation);
    if (member === undefined) return;
    this.#members.delete(incarnation);
    events.emit({
      type: "cluster.node.left",
      kind: member.kind,
      of: member.address,
      ofIncarnation: incarnation,
    });
    listener.left(member);
  }

  /** Whoever is not among these any more has left. */
  replace(kind: NodeKind, present: readonly Member[]): void {
    const incarnations = new Set(present.map((member) => member.incarnation));
    const gone = this.all.filter((member) => member.kind === kind && !incarnations.has(member.incarnation));
    for (const member of gone) this.remove(member.incarnation);
    for (const member of present) this.put(member);
  }
}

const byName = (left: Member, right: Member): number =>
  `${left.address}@${left.incarnation}` < `${right.address}@${right.incarnation}` ? -1 : 1;

/** A view of all nodes that is empty until it is attached to a session. */
export function createMembership(options: MembershipOptions): Membership {
  const view = new View(options);
  const snapshots = new Set<NodeKind>();
  const watches: Watch[] = [];
  let generation = 0;

  /** What an older watch still says does not count any more. */
  function watcherOf(kind: NodeKind, mine: number): Watcher {
    return {
      snapshot(entries) {
        if (mine !== generation) return;
        snapshots.add(kind);
        view.replace(
          kind,
          entries.map((entry) => parseMember(kind, entry)).filter((member) => member !== undefined),
        );
      },
      event(event) {
        const member = parseMember(kind, event);
        if (mine !== generation || member === undefined) return;
        if (event.type === "REMOVED") view.remove(member.incarnation);
        else view.put(member);
      },
    };
  }

  async function closeWatches(): Promise<void> {
    const complain = (error: unknown): void => options.warn(`a watch did not close: ${errorMessage(error)}`);
    await Promise.all(watches.splice(0).map((watch) => watch.close().catch(complain)));
  }

  return {
    get complete() {
      return WATCHED_KINDS.every((kind) => snapshots.has(kind));
    },
    members: (kind) => view.all.filter((member) => member.kind === kind).toSorted(byName),
    find: (incarnation) => view.find(incarnation),
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
