import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createSystemClock, createSystemRandom, NO_FAILPOINTS, required, waitUntil } from "../base/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { bundleGuard } from "../guard/guard-for-tests.ts";
import { findMarkedProcesses } from "../guard/index.ts";
import type { EventBody } from "../model/index.ts";
import type { MachineLoad, NodePorts } from "../node/index.ts";
import type { RegistrySession } from "../registry/index.ts";
import { MemoryRegistry, MemoryRegistryServer } from "../registry/memory/index.ts";
import type { DispatchRequest, ReportAnswer, ReportRequest, RpcClient } from "../rpc/index.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../rpc/memory/index.ts";
import { startGuardedProcesses } from "../task/process/index.ts";
import { Worker } from "./worker.ts";

/** A worker with its real guard; registry and network are in memory. */

const clock = createSystemClock();
const random = createSystemRandom();
const SESSION_TIMEOUT_MS = 1000;
function quietly(): void {
  // Nobody listens yet.
}

let bundle: ReturnType<typeof bundleGuard>;
beforeAll(() => {
  bundle = bundleGuard();
});
afterAll(() => rmSync(bundle.directory, { recursive: true }));

let server: MemoryRegistryServer;
let registry: MemoryRegistry;
let observerRegistry: MemoryRegistry;
let observer: RegistrySession;
let serial = 0;
let network: MemoryNetwork;
let events: EventBody[] = [];
let incarnations: string[] = [];
let reports: ReportRequest[] = [];
let answer: ReportAnswer["state"] = "STORED";
let worker: Worker;
let client: RpcClient;
let usage: MachineLoad["usage"] = {};
let loadChanged = quietly;

function createConfig(): NodeConfig {
  return {
    kind: "worker",
    address: "worker:1",
    listen: { host: "127.0.0.1", port: 0 },
    registry: { kind: "zookeeper", servers: "unused:1", root: "/" },
    dataDirectory: path.join(bundle.directory, `worker-${serial}`),
    timing: {
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      failoverDelayMs: 0,
      reconcileIntervalMs: 2 * SESSION_TIMEOUT_MS,
      shutdownGraceMs: 700,
      dispatchTimeoutMs: 0,
      retentionMs: 1000,
    },
    disconnectStrategy: "STOP",
    master: { failoverBatchSize: 1000, loadBalancer: "RANDOM" },
    overload: { cpuAbove: 1, memoryAbove: 0.9, diskAbove: 1 },
    worker: { taskSlots: 2, weight: 100, busyAbove: 1, groups: ["gpu"] },
  };
}

async function createWorker(config: NodeConfig): Promise<Worker> {
  const quiet = () => undefined;
  const ports: NodePorts = {
    clock,
    random,
    events: { emit: (event) => events.push(event) },
    failpoints: NO_FAILPOINTS,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    identify: (incarnation) => incarnations.push(incarnation),
    guardPath: bundle.guardPath,
    environment: process.env,
  };
  const { dataDirectory } = config;
  const guarded = { dataDirectory, clock, guardPath: bundle.guardPath, environment: process.env };
  return new Worker({
    predecessors: [],
    config,
    ports,
    incarnation: random.uuid(),
    directory: { addIncarnation: () => Promise.resolve() },
    processes: await startGuardedProcesses(guarded),
    load: {
      get usage() {
        return usage;
      },
      onChange(listener) {
        loadChanged = listener;
      },
      close: quiet,
    },
    registry,
    rpc: network.connect(),
    serve: (handlers) => Promise.resolve(network.serve(config.address, handlers)),
  });
}

beforeEach(async () => {
  serial += 1;
  server = new MemoryRegistryServer({ clock });
  registry = new MemoryRegistry({ server, clock, random });
  observerRegistry = new MemoryRegistry({ server, clock, random });
  observer = await observerRegistry.open({ sessionTimeoutMs: 60_000, withinMs: 2000 });
  network = createMemoryNetwork({ clock });
  events = [];
  incarnations = [];
  reports = [];
  usage = {};
  answer = "STORED";
  network.serve("master:1", {
    report: (request) => {
      reports.push(request);
      return Promise.resolve({ state: answer });
    },
  });
  client = network.connect();
  worker = await createWorker(createConfig());
  await worker.start();
});
afterEach(async () => {
  await worker.stop();
  await observerRegistry.close();
  // A server that is down has no timers.
  server.setMode("down");
});

const current = (): string => required(incarnations.at(-1), "incarnation");
const alive = (): number[] => findMarkedProcesses(incarnations.map((id) => [`FAILOVER_INCARNATION=${id}`]));

function until(describe: string, condition: () => boolean): Promise<true> {
  return waitUntil({ clock, until: () => condition() || undefined, withinMs: 8000, describe });
}

/** Names and values of the worker's nodes. */
async function nodes(): Promise<{ name: string; value: { status: string }; sessionId: string }[]> {
  const names = await observer.children("/nodes/worker");
  const entries = await Promise.all(names.map((name) => observer.get(`/nodes/worker/${name}`)));
  return entries
    .filter((entry) => entry !== undefined)
    .map(({ path: at, value, sessionId }) => ({
      name: path.basename(at),
      value: JSON.parse(value) as { status: string },
      sessionId: required(sessionId, "session of an ephemeral node"),
    }));
}

async function untilNodes(
  describe: string,
  condition: (found: Awaited<ReturnType<typeof nodes>>) => boolean,
) {
  const look = async () => (condition(await nodes()) ? true : undefined);
  await waitUntil({ clock, until: look, withinMs: 8000, describe });
}

function request(taskInstanceId: number, script: string): DispatchRequest {
  return {
    taskInstanceId,
    dispatchNo: 1,
    workflowInstanceId: 7,
    ownerAddress: "master:1",
    ownerIncarnation: "m1",
    ownerEpoch: 3,
    workerIncarnation: current(),
    taskName: `task-${taskInstanceId}`,
    taskType: "SHELL",
    script,
    environment: { GREETING: "hello" },
    environmentConfig: "export PLACE=world",
  };
}

const dispatch = (message: DispatchRequest) =>
  client.call("worker:1", "dispatch", message, { withinMs: 2000 });

async function dispatchAndRun(taskInstanceId: number, script = "sleep 60"): Promise<DispatchRequest> {
  const message = request(taskInstanceId, script);
  expect(await dispatch(message)).toEqual({ accepted: true });
  await until("its start", () =>
    events.some((e) => e.type === "task.started" && e.taskInstanceId === taskInstanceId),
  );
  return message;
}

function outcomes(): string[] {
  return reports.flatMap(({ taskInstanceId, body }) =>
    body.kind === "FINISHED" ? [`${taskInstanceId} ${body.outcome}`] : [],
  );
}

describe("a worker", () => {
  test("stands in the registry, runs a delivery once, and reports it", async () => {
    expect(await nodes()).toMatchObject([
      {
        name: `worker:1@${current()}`,
        value: { status: "NORMAL", sessionNo: 1, worker: { groups: ["default", "gpu"], taskSlots: 2 } },
      },
    ]);
    const message = request(1, 'echo "#{setValue(said=$GREETING $PLACE $FAILOVER_DISPATCH_NO)}"');
    expect(await Promise.all([dispatch(message), dispatch(message)])).toEqual([
      { accepted: true },
      { accepted: true },
    ]);
    await until("both reports", () => reports.length === 2);
    expect(reports).toMatchObject([
      { seq: 1, body: { kind: "RUNNING" } },
      { seq: 2, body: { kind: "FINISHED", outcome: "SUCCESS", exitCode: 0, out: { said: "hello world 1" } } },
    ]);
    expect(await dispatch(message)).toEqual({ accepted: true });
    expect(events.filter((event) => event.type === "task.started")).toHaveLength(1);
  });

  test("is BUSY while its slots are used, and refuses more", async () => {
    const first = await dispatchAndRun(1);
    await dispatchAndRun(2);
    expect(await dispatch(request(3, "true"))).toEqual({ accepted: false, reason: "NO_SLOT" });
    await untilNodes("BUSY", (found) => found[0]?.value.status === "BUSY");
    expect(await client.call("worker:1", "kill", first, { withinMs: 2000 })).toEqual({ known: true });
    await untilNodes("NORMAL", (found) => found[0]?.value.status === "NORMAL");
    await until("the report", () => outcomes().includes("1 KILLED"));
    expect(await dispatch(request(3, "true"))).toEqual({ accepted: false, reason: "NO_SLOT" });
    expect(await dispatch({ ...request(3, "true"), dispatchNo: 2 })).toEqual({ accepted: true });
  });

  test("is BUSY while its machine is overloaded, and NORMAL again after that", async () => {
    usage = { cpuUsage: 0.5, memoryUsage: 0.95 };
    loadChanged();
    await untilNodes("BUSY", (found) => found[0]?.value.status === "BUSY");
    usage = { cpuUsage: 0.5, memoryUsage: 0.9 };
    loadChanged();
    await untilNodes("NORMAL", (found) => found[0]?.value.status === "NORMAL");
    expect((await nodes())[0]?.value).toMatchObject({ cpuUsage: 0.5, memoryUsage: 0.9 });
  });

  test("says cleanly that it does not know what it is told to kill", async () => {
    expect(await client.call("worker:1", "kill", request(77, "true"), { withinMs: 2000 })).toEqual({
      known: false,
    });
    // It never runs after that, however late its delivery comes.
    expect(await dispatch(request(77, "true"))).toEqual({ accepted: false, reason: "TOMBSTONED" });
  });

  test("hears of nothing from a former owner, and kills nothing for it", async () => {
    const message = await dispatchAndRun(1);
    const resolved = await client.call(
      "worker:1",
      "resolve",
      { ...message, ownerEpoch: 9 },
      { withinMs: 2000 },
    );
    expect(resolved).toEqual({ state: "RUNNING" });
    await expect(client.call("worker:1", "kill", message, { withinMs: 2000 })).rejects.toThrow("epoch 3");
    expect(await dispatch(request(2, "true"))).toEqual({ accepted: false, reason: "STALE_EPOCH" });
    expect(alive()).not.toEqual([]);
  });

  test("kills what nobody wants any more, and forgets it", async () => {
    answer = "OBSOLETE";
    await dispatchAndRun(1);
    await until("its end", () => events.some((event) => event.type === "task.finished"));
    expect(alive()).toEqual([]);
    expect(outcomes()).toEqual([]);
  });

  test("writes its node again when somebody wiped it", async () => {
    await observer.delete("/nodes/worker");
    await untilNodes("the node", (found) => found[0]?.name === `worker:1@${current()}`);
    expect(incarnations).toHaveLength(1);
  });

  test("loses its tasks with its session, and lives on as somebody else", async () => {
    const message = await dispatchAndRun(1);
    const former = current();
    server.endSession(required((await nodes())[0], "node").sessionId);
    await untilNodes(
      "the new node",
      (found) => found.length === 1 && found[0]?.name !== `worker:1@${former}`,
    );
    expect(alive()).toEqual([]);
    await until("the report", () => outcomes().includes("1 LOST"));
    expect(reports.every((report) => report.workerIncarnation === former)).toBe(true);
    expect(await dispatch(message)).toEqual({ accepted: false, reason: "OTHER_INCARNATION" });
    await dispatchAndRun(2, "true");
    await until("the next report", () => outcomes().includes("2 SUCCESS"));
  });

  test("relinquishes: the answer means that nothing of that life runs", async () => {
    const message = await dispatchAndRun(1, "setsid sleep 61 & sleep 62");
    const incarnation = message.workerIncarnation;
    expect(await client.call("worker:1", "relinquish", { incarnation }, { withinMs: 2000 })).toEqual({});
    expect(alive()).toEqual([]);
    await until("the next life", () => current() !== incarnation);
    // Asked again for the life that is over: still true, and nothing of the new one is touched.
    expect(await client.call("worker:1", "relinquish", { incarnation }, { withinMs: 2000 })).toEqual({});
    expect(incarnations).toHaveLength(2);
  });

  test("lets go of its tasks when masters are there and none listens for three sessions", async () => {
    await observer.put("/nodes/master/master:2@m2", "{}", { ephemeral: true });
    const message = { ...request(1, "sleep 60"), ownerAddress: "master:2" };
    expect(await dispatch(message)).toEqual({ accepted: true });
    const began = clock.monotonicMs();
    await until("the next life", () => current() !== message.workerIncarnation);
    expect(clock.monotonicMs() - began).toBeGreaterThan(3 * SESSION_TIMEOUT_MS);
    expect(alive()).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: "registry.session.lost" }));
  }, 15_000);

  test("kills its tasks at the end of its lease when the registry is silent, and joins again after that", async () => {
    const message = await dispatchAndRun(1);
    const began = clock.monotonicMs();
    registry.setWire("frozen");
    await until("their end", () => alive().length === 0);
    expect(clock.monotonicMs() - began).toBeLessThan(SESSION_TIMEOUT_MS);
    // Before the registry can have ended the session: nobody else has been told to run them.
    expect(await nodes()).toHaveLength(1);
    await until("the report", () => outcomes().includes("1 LOST"));
    expect(await dispatch(request(2, "true"))).toMatchObject({ accepted: false });
    registry.setWire("open");
    await until("the next life", () => current() !== message.workerIncarnation);
    await untilNodes("its node", (found) => found.some(({ name }) => name === `worker:1@${current()}`));
    await dispatchAndRun(3, "true");
  });

  test("stops: takes nothing new, waits, kills the rest, reports it and leaves the registry", async () => {
    await dispatchAndRun(1, "sleep 0.1");
    await dispatchAndRun(2);
    const stopped = worker.stop();
    expect(await dispatch({ ...request(3, "true") })).toEqual({ accepted: false, reason: "STOPPING" });
    await stopped;
    expect(await worker.ended).toEqual({ exitCode: 0 });
    expect(outcomes()).toEqual(["1 SUCCESS", "2 KILLED"]);
    expect(await nodes()).toEqual([]);
    expect(alive()).toEqual([]);
  });
});
