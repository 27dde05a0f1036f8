import type { Clock } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import type { ResolvedCluster } from "../case/resolved-case.ts";
import { type LinkMap, openLinkMap } from "../link/index.ts";
import type { History, LogLine, NodeRecord, ProcessRecord } from "../observe/index.ts";
import { ClusterNode, type NodeSurroundings } from "./cluster-node.ts";
import { clearLeftovers } from "./leftovers.ts";
import type { NodeProcess } from "./node-process.ts";
import { createRoster, type Roster } from "./roster.ts";

export interface ClusterOptions {
  readonly cluster: ResolvedCluster;
  /** As the services are reached really; the links are put in front of them. */
  readonly services: { readonly databaseUrl: string; readonly registry: RegistryConfig };
  /** The node program: dist/node.cjs. */
  readonly program: string;
  /** Data, configurations and output of the nodes: `<directory>/<node>/{data,config-1.json,1.out,1.err}`. */
  readonly directory: string;
  /** Mark of the run, in the environment of every process that comes of it. */
  readonly runId: string;
  readonly clock: Clock;
  readonly history: History;
  /** Environment of every node beside the harness's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How long a process may take to its `node.ready`. Default 15 000 ms. */
  readonly readyWithinMs?: number;
}

export type LaunchListener = (process: NodeProcess, node: ClusterNode) => void;

/** The nodes of a case as processes, and the links between them. */
export interface Cluster {
  readonly roster: Roster;
  readonly links: LinkMap;
  readonly nodes: readonly ClusterNode[];
  /** Throws for a name that no node has. */
  node(name: string): ClusterNode;
  /** The process that has, or had, an incarnation; undefined for one of nobody that was started here. */
  processOf(incarnation: string): NodeProcess | undefined;
  /** Calls back for every process from now on, before it has done anything: messages to it arrive before its work. */
  onLaunch(listener: LaunchListener): void;
  /**
   * Starts all nodes that are not absent, at once. Throws the NodeStartError of the first that did not come up, unless
   * a step of the case had hit it (`isHit`): such a one is not waited for either.
   */
  start(isHit?: (process: NodeProcess) => boolean): Promise<void>;
  /** Ends every process, closes every link. Idempotent; never throws for a process that is gone already. */
  shutdown(): Promise<void>;
  records(): readonly NodeRecord[];
  processes(): readonly ProcessRecord[];
  logs(): Readonly<Record<string, readonly LogLine[]>>;
}

const READY_WITHIN_MS = 15_000;
/** In the environment of every process of a cluster, its directory: what is left of it is found by that. */
const CLUSTER_MARK = "FAILOVER_CLUSTER";
/** How long guards may take to end by themselves after their nodes. */
const GUARD_GRACE_MS = 1500;

/** Opens the links of a cluster and prepares its nodes; starts none yet. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const { clock, history, program, directory } = options;
  const roster = createRoster(options.cluster);
  const launchListeners = new Set<LaunchListener>();
  const around: NodeSurroundings = {
    program,
    directory,
    environment: { ...options.environment, FAILOVER_RUN_ID: options.runId, [CLUSTER_MARK]: directory },
    clock,
    history,
    readyWithinMs: options.readyWithinMs ?? READY_WITHIN_MS,
    onLaunch: (process, node) => {
      for (const listener of launchListeners) listener(process, node);
    },
  };
  const nodes = roster.entries.map((entry) => new ClusterNode(entry, around, () => links));
  const links = await openLinkMap({
    nodes: nodes.map((node) => ({
      name: node.name,
      address: node.entry.address,
      target: () => node.target(),
    })),
    ...options.services,
    clock,
  });
  return assembleCluster(options, { roster, nodes, links, launchListeners });
}

interface Parts extends Pick<Cluster, "roster" | "nodes" | "links"> {
  readonly launchListeners: Set<LaunchListener>;
}

function assembleCluster(options: ClusterOptions, parts: Parts): Cluster {
  const { roster, nodes, links } = parts;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return {
    roster,
    links,
    nodes,
    node(name) {
      const found = byName.get(name);
      if (found === undefined) throw new Error(`no node is called "${name}"`);
      return found;
    },
    onLaunch: (listener) => void parts.launchListeners.add(listener),
    processOf: (incarnation) =>
      nodes.flatMap((node) => node.processes).find((process) => process.wasIncarnation(incarnation)),
    async start(isHit = () => false) {
      const present = nodes.filter((node) => !node.entry.absent);
      const started = await Promise.allSettled(present.map((node) => node.startUnless(isHit)));
      // All of them are waited for, so that a failed start leaves no other one half-way.
      for (const result of started) if (result.status === "rejected") throw result.reason;
    },
    async shutdown() {
      await Promise.all(nodes.map((node) => node.shutdown()));
      const mark = { name: CLUSTER_MARK, value: options.directory };
      await clearLeftovers({ ...mark, clock: options.clock, graceMs: GUARD_GRACE_MS });
      await links.close();
    },
    records: () => nodes.map((node) => node.record()),
    processes: () => nodes.flatMap((node) => node.processRecords()),
    logs: () => Object.fromEntries(nodes.map((node) => [node.name, node.logs()])),
  };
}
