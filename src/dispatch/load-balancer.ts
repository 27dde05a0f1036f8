import type { Random } from "../base/index.ts";

/** A worker that may get a task. */
export interface WorkerCandidate {
  readonly incarnation: string;
  readonly address: string;
  /** Share of work, from its heartbeat (`worker.weight`, DolphinScheduler's `worker.host-weight`). */
  readonly weight: number;
  readonly taskSlots: number;
  /** Tasks that it has, as far as is known. */
  readonly tasks: number;
  /** Used share of its machine's processors, 0..1, from its heartbeat. Absent: not known, counts as idle. */
  readonly cpuUsage?: number;
  /** Used share of its machine's memory, 0..1. */
  readonly memoryUsage?: number;
}

/** Chooses one of the candidates (never empty; in the order of addresses). */
export interface LoadBalancer {
  choose(candidates: readonly WorkerCandidate[]): WorkerCandidate | undefined;
}

export type LoadBalancerName =
  | "RANDOM"
  | "ROUND_ROBIN"
  | "FIXED_WEIGHTED_ROUND_ROBIN"
  | "DYNAMIC_WEIGHTED_ROUND_ROBIN";

/**
 * How much processors, memory and task slots count in the dynamic weight; they add up to 100 (source: DolphinScheduler,
 * `dynamic-weight-config-properties`: 30, 30, 40).
 */
const DYNAMIC_PARTS = { cpu: 30, memory: 30, pool: 40 } as const;

/**
 * DolphinScheduler's formula: 100 - (cpuW * cpu + memW * mem + poolW * pool) / 3, each usage 0..1. An idle worker
 * weighs 100 and a full one 66.7: the load bends the shares, and it is BUSY that ends them.
 */
export function dynamicWeight(worker: WorkerCandidate): number {
  const pool = worker.taskSlots === 0 ? 1 : Math.min(1, worker.tasks / worker.taskSlots);
  const { cpuUsage = 0, memoryUsage = 0 } = worker;
  const load = DYNAMIC_PARTS.cpu * cpuUsage + DYNAMIC_PARTS.memory * memoryUsage + DYNAMIC_PARTS.pool * pool;
  return 100 - load / 3;
}

/** Workers that are gone leave their credit behind; so many are remembered before it is thrown away. */
const REMEMBERED_CREDITS = 1000;

/**
 * DolphinScheduler's weighted loop: the next worker in the ring gains its weight; one whose credit reaches the total is
 * chosen and pays the total. A weight of 0 gets nothing while others have some; when all have none, all share evenly.
 */
function createWeighted(weightOf: (worker: WorkerCandidate) => number): LoadBalancer {
  const credit = new Map<string, number>();
  const even = createRoundRobin();
  let last: string | undefined;
  return {
    choose(candidates) {
      const total = candidates.reduce((sum, worker) => sum + weightOf(worker), 0);
      if (total <= 0) return even.choose(candidates);
      if (credit.size > REMEMBERED_CREDITS) credit.clear();
      // The ring goes on after the last one, also when that one is gone. It ends: in each round of n workers the
      // heaviest gains at least total / n.
      const after = candidates.findIndex((worker) => worker.address > (last ?? ""));
      for (let turn = after < 0 ? 0 : after; ; turn = (turn + 1) % candidates.length) {
        const worker = candidates[turn];
        if (worker === undefined) return undefined;
        const gained = (credit.get(worker.incarnation) ?? 0) + weightOf(worker);
        credit.set(worker.incarnation, gained >= total ? gained - total : gained);
        if (gained < total) continue;
        last = worker.address;
        return worker;
      }
    },
  };
}

function createRoundRobin(): LoadBalancer {
  let turn = -1;
  return {
    choose(candidates) {
      turn = (turn + 1) % candidates.length;
      return candidates[turn];
    },
  };
}

/** The balancer of a name (DolphinScheduler's `master.worker-load-balancer-configuration-properties.type`). */
export function createLoadBalancer(name: LoadBalancerName, random: Random): LoadBalancer {
  switch (name) {
    case "RANDOM":
      return { choose: (candidates) => candidates[random.below(candidates.length)] };
    case "ROUND_ROBIN":
      return createRoundRobin();
    case "FIXED_WEIGHTED_ROUND_ROBIN":
      return createWeighted((worker) => worker.weight);
    case "DYNAMIC_WEIGHTED_ROUND_ROBIN":
      return createWeighted(dynamicWeight);
  }
}
