import { afterEach, describe, expect, test } from "@jest/globals";
import { createSeededRandom, createSystemClock, waitUntil } from "../base/index.ts";
import { createDispatcher, type DeliveryOutcome, type Dispatcher } from "./dispatcher.ts";
import { createLoadBalancer, type LoadBalancerName, type WorkerCandidate } from "./load-balancer.ts";

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

  test("dynamic weights prefer the worker with free slots", () => {
    const { a = 0, b = 0 } = share("DYNAMIC_WEIGHTED_ROUND_ROBIN", [worker("a"), worker("b", { tasks: 9 })]);
    expect(a).toBeGreaterThan(b * 5);
  });

  test("random chooses everybody", () => {
    const { a = 0, b = 0 } = share("RANDOM", [worker("a"), worker("b")]);
    expect(Math.min(a, b)).toBeGreaterThan(100);
  });
});
