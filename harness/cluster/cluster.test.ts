import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createSystemClock, waitUntil } from "../../src/base/index.ts";
import type { CaseNode, NodeSettings } from "../case/resolved-case.ts";
import { createHistory } from "../observe/history.ts";
import { type Cluster, createCluster } from "./cluster.ts";
import { processesWith } from "./leftovers.ts";

const clock = createSystemClock();
const releases: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

const ms = (value: number) => ({ unit: "ms", value }) as const;
const SETTINGS: NodeSettings = {
  sessionTimeoutMs: 1000,
  failoverDelay: { unit: "sessions", value: 2 },
  failoverBatch: 100,
  reconcileInterval: { unit: "sessions", value: 2 },
  disconnectStrategy: "STOP",
  respawn: false,
  fastDetection: false,
  loadBalancer: "RANDOM",
  taskSlots: 7,
  weight: 100,
  busyAbove: 1,
  dispatchTimeout: ms(0),
  shutdownGrace: ms(500),
  alertWindow: ms(0),
};

function caseNode(name: string, changes: Partial<CaseNode> = {}): CaseNode {
  const kind = name.startsWith("master") ? "master" : "worker";
  return { name, kind, absent: false, settings: SETTINGS, ...changes };
}

async function openCluster(nodes: readonly CaseNode[], environment = {}): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), "cluster-"));
  releases.push(() => rmSync(directory, { recursive: true }));
  const cluster = await createCluster({
    cluster: { nodes, groups: { gpu: ["worker-1"] } },
    services: {
      databaseUrl: "postgres://me@127.0.0.1:1/db",
      registry: { kind: "zookeeper", servers: "127.0.0.1:2", root: "/r" },
    },
    program: join(__dirname, "testdata", "stand-in-node.cjs"),
    directory,
    runId: "run-of-a-test",
    clock,
    history: createHistory(clock),
    environment,
  });
  releases.push(() => cluster.shutdown());
  return cluster;
}

/** Asks whoever is reached through the link; "" when the link refuses. */
function ask(port: number, order: object = {}): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(`${JSON.stringify(order)}\n`));
    socket.on("data", (text) => (answer += text.toString()));
    socket.on("error", () => resolve(""));
    socket.on("end", () => resolve(answer.trim()));
  });
}

describe("a cluster", () => {
  test("starts what is not absent, reached through the links; nothing is left after the shutdown", async () => {
    const cluster = await openCluster([
      caseNode("master-1"),
      caseNode("master-2", { absent: true }),
      caseNode("worker-1"),
    ]);
    await cluster.start();
    expect(cluster.processes()).toEqual([
      { node: "master-1", status: "running", exitCode: undefined },
      { node: "worker-1", status: "running", exitCode: undefined },
    ]);
    const toWorker = cluster.links.between({ from: "master-1", to: "worker-1" });
    expect(await ask(toWorker.port)).toBe(`127.0.0.1:1234 pid ${cluster.node("worker-1").current?.pid}`);
    expect(await ask(cluster.links.between({ from: "worker-1", to: "master-2" }).port)).toBe("");
    await cluster.node("master-2").start();
    const [, two] = cluster.records();
    expect(two).toMatchObject({
      name: "master-2",
      address: "127.0.0.1:5679",
      lives: [{ endedBy: undefined }],
    });
    await cluster.shutdown();
    expect(processesWith("FAILOVER_RUN_ID", "run-of-a-test")).toEqual([]);
    expect(cluster.processes().map(({ status }) => status)).toEqual(["killed", "killed", "killed"]);
  });

  test("configures its nodes: links, groups, times", async () => {
    const cluster = await openCluster([caseNode("master-1"), caseNode("worker-1")]);
    await cluster.start();
    const config = (name: string): unknown =>
      JSON.parse(readFileSync(join(cluster.node(name).directory, "config-1.json"), "utf8"));
    expect(config("worker-1")).toMatchObject({
      kind: "worker",
      address: "127.0.0.1:1234",
      registry: { servers: `127.0.0.1:${cluster.links.toRegistry("worker-1")[0]?.port}` },
      timing: { sessionTimeoutMs: 1000, failoverDelayMs: 2000, reconcileIntervalMs: 2000 },
      worker: { taskSlots: 7, groups: ["gpu"] },
    });
    expect(config("worker-1")).not.toHaveProperty("databaseUrl");
    expect(config("master-1")).toHaveProperty("databaseUrl");
  });

  test("the links lead to a second process on the same address, which has data of its own", async () => {
    const cluster = await openCluster([caseNode("master-1")]);
    await cluster.start();
    const node = cluster.node("master-1");
    const first = node.current;
    const { port } = cluster.links.between({ from: "master-1", to: "master-1" });
    const second = await node.start({ elsewhere: true });
    expect(second.pid).not.toBe(first?.pid);
    expect(await ask(port)).toContain(`pid ${second.pid}`);
    await second.kill();
    await waitUntil({
      clock,
      until: async () => (await ask(port)).includes(`pid ${first?.pid}`) || undefined,
      withinMs: 2000,
      describe: "the first process to be reached again",
    });
    const dataOf = (life: number): string =>
      readFileSync(join(node.directory, `config-${life}.json`), "utf8");
    expect(dataOf(1)).toContain('/master-1/data"');
    expect(dataOf(2)).toContain('/master-1/data-2"');
  });

  test("starts a process again that exited by itself, where that is set, and only then", async () => {
    const settings = { ...SETTINGS, respawn: true };
    const cluster = await openCluster([caseNode("master-1", { settings }), caseNode("worker-1")]);
    await cluster.start();
    const master = cluster.node("master-1");
    for (const { current } of cluster.nodes) await ask(current?.listenPort ?? 0, { exit: 1 });
    const second = await waitUntil({
      clock,
      until: () => (master.current?.phase === "ready" ? master.current : undefined),
      withinMs: 3000,
      describe: "a second life",
    });
    expect(cluster.processOf(second.incarnation)).toBe(second);
    await second.kill("step-1");
    await clock.sleep(200);
    expect(master.processes).toHaveLength(2);
    expect(cluster.processes().map(({ status }) => status)).toEqual(["exited", "killed", "exited"]);
  });

  test("says which node did not come up", async () => {
    const cluster = await openCluster([caseNode("master-1")], { STAND_IN: "dies-at-start" });
    await expect(cluster.start()).rejects.toThrow("master-1 exited with code 3");
    expect(cluster.logs()["master-1"]?.map(({ message }) => message)).toContain("I give up");
  });
});
