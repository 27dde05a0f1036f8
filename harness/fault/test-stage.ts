import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSeededRandom, createSystemClock } from "../../src/base/index.ts";
import type { NodeEvent } from "../../src/model/index.ts";
import type {
  Action,
  CaseNode,
  Duration,
  Moment,
  MomentSubject,
  NodeSettings,
  Selector,
  Step,
} from "../case/resolved-case.ts";
import { type Cluster, createCluster } from "../cluster/index.ts";
import {
  type AttemptObservation,
  createHistory,
  type History,
  type InstanceObservation,
  type RegistryRecord,
} from "../observe/index.ts";
import type { StepsOptions, StepsResult } from "./run-steps.ts";
import type { Eyes } from "./stage.ts";

/** A cluster of stand-in nodes, and rows that a test writes itself: what the tests of moments and faults play on. */
export interface TestStage {
  readonly options: StepsOptions;
  readonly cluster: Cluster;
  readonly history: History;
  readonly world: World;
  /** What `verify` says. */
  readonly verdict: { problem: string | undefined };
  close(): Promise<void>;
}

/** What the eyes see: changed by the test as a scheduler would. */
export interface World {
  instances: InstanceObservation[];
  attempts: AttemptObservation[];
  records: RegistryRecord[];
}

export const clock = createSystemClock();
export const ms = (value: number): Duration => ({ unit: "ms", value });

const SETTINGS: NodeSettings = {
  sessionTimeoutMs: 1000,
  failoverDelay: ms(0),
  failoverBatch: 100,
  reconcileInterval: ms(2000),
  disconnectStrategy: "STOP",
  respawn: false,
  fastDetection: false,
  loadBalancer: "RANDOM",
  taskSlots: 10,
  weight: 100,
  busyAbove: 1,
  dispatchTimeout: ms(0),
  shutdownGrace: ms(500),
  alertWindow: ms(0),
};

export function step(id: string, action: Action, changes: Partial<Step> = {}): Step {
  const defaults = { when: undefined, for: undefined, landsWithin: ms(2000), times: 1, every: undefined };
  return { id, pointer: `/inject/${id}`, action, ...defaults, ...changes };
}

export function when(what: MomentSubject, changes: Partial<Moment> = {}): Moment {
  return { pointer: "/inject/when", what, delay: undefined, within: ms(2000), ...changes };
}

export function instance(changes: Partial<InstanceObservation> = {}): InstanceObservation {
  return { id: 1, state: "RUNNING_EXECUTION", host: null, ownerIncarnation: null, ownerEpoch: 1, ...changes };
}

export function attempt(changes: Partial<AttemptObservation> = {}): AttemptObservation {
  const row = { id: 1, workflowInstanceId: 1, state: "RUNNING_EXECUTION", flag: 1, host: null };
  return { ...row, workerIncarnation: null, dispatchNo: 1, ...changes };
}

function eyesOn(world: World): Eyes {
  return {
    instanceStates: async () => world.instances,
    taskStates: async () => world.attempts,
    ownerOf: async () => {
      const [first] = world.instances;
      return first && { incarnation: first.ownerIncarnation, host: first.host };
    },
    runnerOf: async () => {
      const newest = world.attempts.at(-1);
      return newest && { incarnation: newest.workerIncarnation, host: newest.host };
    },
    registryPaths: async (prefix) => world.records.filter(({ path }) => path.startsWith(prefix)),
  };
}

function caseNode(written: string): CaseNode {
  const [name = "", absent] = written.split(" ");
  const kind = name.startsWith("master") ? "master" : name.startsWith("worker") ? "worker" : "alert-server";
  return { name, kind, absent: absent !== undefined, settings: SETTINGS };
}

/** Nodes are named; "master-2 absent" is not started. The steps see the world through the test's own rows. */
export async function openStage(nodes: readonly string[], steps: readonly Step[]): Promise<TestStage> {
  const directory = mkdtempSync(join(tmpdir(), "steps-"));
  const history = createHistory(clock);
  const world: World = { instances: [], attempts: [], records: [] };
  const verdict: TestStage["verdict"] = { problem: undefined };
  const cluster = await createCluster({
    cluster: { nodes: nodes.map(caseNode), groups: {} },
    services: {
      databaseUrl: "postgres://me@127.0.0.1:1/db",
      registry: { kind: "jdbc", url: "postgres://me@127.0.0.1:1/db", root: "/r" },
    },
    program: join(__dirname, "..", "cluster", "testdata", "stand-in-node.cjs"),
    directory,
    runId: `test-${process.pid}`,
    clock,
    history,
  });
  const stage: TestStage = {
    cluster,
    history,
    world,
    verdict,
    options: {
      case: { steps },
      cluster,
      observer: eyesOn(world),
      history,
      services: {
        databaseUrl: "postgres://me@127.0.0.1:1/db",
        ownDatabase: undefined,
        ownRegistry: undefined,
      },
      random: createSeededRandom(1),
      clock,
      sessionMs: () => 1000,
      verify: async () => verdict.problem,
    },
    async close() {
      await cluster.shutdown();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  open.push(stage);
  return stage;
}

/** Tells the process of a node what to do: see cluster/testdata/stand-in-node.cjs. */
export function order(stage: TestStage, nodeName: string, what: object): void {
  const socket = connect(stage.cluster.node(nodeName).current?.listenPort ?? 0, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`${JSON.stringify(what)}\n`);
}

/** An event of a node, as if its process had said it now. */
export function say(stage: TestStage, nodeName: string, body: object): void {
  const node = stage.cluster.node(nodeName);
  const event = {
    seq: 1,
    node: node.entry.address,
    incarnation: node.current?.incarnation ?? "",
    wallMs: 0,
    monoMs: clock.monotonicMs(),
    ...body,
  };
  stage.history.addNodeEvent(nodeName, event as NodeEvent);
}

/** Opens a stage and starts its nodes. */
export async function startStage(nodes: readonly string[], steps: readonly Step[]): Promise<TestStage> {
  const stage = await openStage(nodes, steps);
  await stage.cluster.start();
  return stage;
}

const open: TestStage[] = [];

/** Closes every stage of a test. */
export async function closeStages(): Promise<void> {
  for (const stage of open.splice(0)) await stage.close();
}

export const named = (node: string): Selector => ({ kind: "name", name: node });
export const kill = (target: Selector): Action => ({ kind: "kill", target });
export const OWNER: Selector = { kind: "ownerOf", instance: { workflow: "etl", ordinal: null } };
export const RUNNING = when({
  kind: "task",
  task: { workflow: "etl", ordinal: null, task: "A" },
  states: ["RUNNING_EXECUTION"],
  count: undefined,
});

/** Names of the nodes that each step hit. */
export function hits({ steps }: StepsResult): string[][] {
  return steps.map(({ hit }) => hit.map(({ node }) => node));
}
