import { afterEach, describe, expect, test } from "@jest/globals";
import { createSeededRandom, createSystemClock, waitUntil } from "../base/index.ts";
import { createDispatcher, type DeliveryOutcome, type Dispatcher } from "./dispatcher.ts";
import {
  createLoadBalancer,
  dynamicWeight,
  type LoadBalancerName,
  type WorkerCandidate,
} from "./load-balancer.ts";

const clock = createSystemClock();
const worker = (name: string, more: Partial<WorkerCandidate> = {}): WorkerCandidate => ({
  incarnation: name,
  address: name,
  weight: 100,
  taskSlots: 10,
  tasks: 0,
  ...more,
});

let dispatcher: Dispatcher | undefined;
afterEach(() => dispatcher?.close());

function create(
  candidates: (group: string) => readonly WorkerCandidate[],
  mayAct = (): boolean => true,
): Dispatcher {
  const balancer = createLoadBalancer("ROUND_ROBIN", createSeededRandom(1));
  dispatcher = createDispatcher({ clock, balancer, candidates, mayAct, pauseAfterRefusalMs: 20 });
  return dispatcher;
}

function recorder(outcome: (taskId: number, worker: WorkerCandidate) => DeliveryOutcome = () => "done") {
  const seen: string[] = [];
  const item = (taskId: number, workerGroup: string, order: readonly number[]) => ({
    taskId,
    workerGroup,
    order,
    deliver: async (to: WorkerCandidate) => {
      seen.push(`${taskId}@${to.address}`);
      return outcome(taskId, to);
    },
  });
  const settle = (count: number) =>
    waitUntil({
      clock,
      until: () => (seen.length >= count ? true : undefined),
      withinMs: 2000,
      describe: `${count} deliveries`,
    });
  return { seen, item, settle };
}

describe("the dispatcher", () => {
  test("delivers in the order of priorities", async () => {
    const { seen, item, settle } = recorder();
    const queue = create(() => [worker("w")]);
    queue.offer(item(1, "default", [2, 2, 5]));
    queue.offer(item(2, "default", [2, 0, 9]));
    queue.offer(item(3, "default", [0, 4, 9]));
    await settle(3);
    expect(seen).toEqual(["3@w", "2@w", "1@w"]);
  });

  test("a worker with one free slot is offered one task at a time: the most urgent gets it", async () => {
    const offered: number[] = [];
    let refusals = 1;
    const queue = create(() => [worker("w", { taskSlots: 4, tasks: 3 })]);
    for (const taskId of [3, 2, 1]) {
      queue.offer({
        taskId,
        workerGroup: "default",
        order: [taskId],
        async deliver() {
          offered.push(taskId);
          await clock.sleep(5);
          return refusals-- > 0 ? "refused" : "done";
        },
      });
    }
    await clock.sleep(3);
    expect(offered).toHaveLength(1);
    await waitUntil({
      clock,
      until: () => offered.length >= 4 || undefined,
      withinMs: 2000,
      describe: "four deliveries",
    });
    expect(offered).toEqual([1, 1, 2, 3]);
  });

  test("a group without workers holds up no other, and is served when one comes", async () => {
    const { seen, item, settle } = recorder();
    const groups = new Map([["default", [worker("w")]]]);
    const queue = create((group) => groups.get(group) ?? []);
    queue.offer(item(1, "gpu", [0]));
    queue.offer(item(2, "default", [1]));
    await settle(1);
    expect(seen).toEqual(["2@w"]);
    groups.set("gpu", [worker("g")]);
    queue.workersChanged();
    await settle(2);
    expect(seen).toEqual(["2@w", "1@g"]);
  });

  test("a refused task goes to another worker, and back to the first after a pause", async () => {
    let refusals = 2;
    const { seen, item, settle } = recorder(() => (refusals-- > 0 ? "refused" : "done"));
    const queue = create(() => [worker("a"), worker("b")]);
    queue.offer(item(1, "default", [0]));
    await settle(3);
    expect(new Set(seen.slice(0, 2))).toEqual(new Set(["1@a", "1@b"]));
  });

  test("nothing leaves past the lease", async () => {
    const { seen, item, settle } = recorder();
    let held = false;
    const queue = create(
      () => [worker("w")],
      () => held,
    );
    queue.offer(item(1, "default", [0]));
    await clock.sleep(50);
    expect(seen).toEqual([]);
    held = true;
    await settle(1);
  });

  test("a withdrawn task is not delivered", async () => {
    const { seen, item, settle } = recorder();
    const queue = create(() => [worker("w")]);
    queue.offer(item(1, "default", [0]));
    queue.withdraw(1);
    queue.offer(item(2, "default", [0]));
    await settle(1);
    expect(seen).toEqual(["2@w"]);
  });
});

describe("a worker that does not take tasks", () => {
  test("is left alone longer and longer, and asked again at once when it says something new", async () => {
    const { seen, item, settle } = recorder(() => "refused");
    const queue = create(() => [worker("w")]);
    queue.offer(item(1, "default", [0]));
    await clock.sleep(500);
    // 20, 40, 80, 160, 320 ms: not each 20 ms.
    const tries = seen.length;
    expect(tries).toBeGreaterThanOrEqual(3);
    expect(tries).toBeLessThanOrEqual(6);
    queue.workerChanged("w");
    await settle(tries + 1);
    expect(queue.serviceOf("default")).toBe("unserved");
  });

  test("takes the places of no others when it stands still", async () => {
    const wake: (() => void)[] = [];
    const seen: string[] = [];
    const queue = create((group) => [worker(group)]);
    const item = (taskId: number, workerGroup: string) => ({
      taskId,
      workerGroup,
      order: [0],
      deliver: (to: WorkerCandidate): Promise<DeliveryOutcome> => {
        seen.push(to.address);
        if (to.address === "ok") return Promise.resolve("done");
        return new Promise((resolve) => wake.push(() => resolve("unanswered")));
      },
    });
    for (let id = 1; id <= 50; id += 1) queue.offer(item(id, "frozen"));
    for (let id = 51; id <= 60; id += 1) queue.offer(item(id, "ok"));
    await clock.sleep(100);
    expect(seen.filter((address) => address === "ok")).toHaveLength(10);
    expect(seen.filter((address) => address === "frozen")).toHaveLength(8);
    expect(queue.waiting()).toEqual(new Map([["frozen", 42]]));
    for (const release of wake) release();
  });

  test("a group is unknown only when it is known to be", () => {
    const balancer = createLoadBalancer("ROUND_ROBIN", createSeededRandom(1));
    const base = { clock, balancer, mayAct: () => true, pauseAfterRefusalMs: 20 };
    dispatcher = createDispatcher({ ...base, candidates: () => [], isKnown: (group) => group !== "gone" });
    expect(dispatcher.serviceOf("gone")).toBe("unknown");
    expect(dispatcher.serviceOf("empty")).toBe("unserved");
  });
});

describe("load balancers", () => {
  const share = (name: LoadBalancerName, candidates: readonly WorkerCandidate[]): Record<string, number> => {
    const balancer = createLoadBalancer(name, createSeededRandom(7));
    const counts: Record<string, number> = {};
    for (let turn = 0; turn < 400; turn += 1) {
      const chosen = balancer.choose(candidates)?.address ?? "none";
      counts[chosen] = (counts[chosen] ?? 0) + 1;
    }
    return counts;
  };

  test("round robin shares evenly", () => {
    expect(share("ROUND_ROBIN", [worker("a"), worker("b")])).toEqual({ a: 200, b: 200 });
  });

  test("fixed weights share by weight", () => {
    expect(share("FIXED_WEIGHTED_ROUND_ROBIN", [worker("a", { weight: 300 }), worker("b")])).toEqual({
      a: 300,
      b: 100,
    });
  });

  test("a weight of nothing gets nothing, unless all have none", () => {
    const name = "FIXED_WEIGHTED_ROUND_ROBIN";
    expect(share(name, [worker("a", { weight: 0 }), worker("b")])).toEqual({ b: 400 });
    expect(share(name, [worker("a", { weight: 0 }), worker("b", { weight: 0 })])).toEqual({ a: 200, b: 200 });
  });

  test("dynamic weights are 100 less a third of the weighted load", () => {
    expect(dynamicWeight(worker("idle"))).toBe(100);
    const loaded = worker("loaded", { tasks: 5, cpuUsage: 0.5, memoryUsage: 0.2 });
    expect(dynamicWeight(loaded)).toBeCloseTo(100 - (30 * 0.5 + 30 * 0.2 + 40 * 0.5) / 3);
    expect(dynamicWeight(worker("full", { tasks: 99, cpuUsage: 1, memoryUsage: 1 }))).toBeCloseTo(66.67, 1);
    const { a = 0, b = 0 } = share("DYNAMIC_WEIGHTED_ROUND_ROBIN", [
      worker("a"),
      worker("b", { tasks: 10, cpuUsage: 1, memoryUsage: 1 }),
    ]);
    expect(a / b).toBeCloseTo(1.5, 1);
  });

  test("random chooses everybody", () => {
    const { a = 0, b = 0 } = share("RANDOM", [worker("a"), worker("b")]);
    expect(Math.min(a, b)).toBeGreaterThan(100);
  });
});
