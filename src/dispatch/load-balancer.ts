import type { Random } from "../base/index.ts";

/** A worker that may get a task. */
export interface WorkerCandidate {
  readonly incarnation: string;
  readonly address: string;
  /** Share of work, from its heartbeat. */
  readonly weight: number;
  readonly taskSlots: number;
  /** Tasks that it has, as far as is known. */
  readonly tasks: number;
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

/** Least used share of task slots counts most; an idle worker weighs 100 (DolphinScheduler's scale). */
function dynamicWeight(worker: WorkerCandidate): number {
  const used = worker.taskSlots === 0 ? 1 : worker.tasks / worker.taskSlots;
  return Math.max(1, Math.round(100 * (1 - used)));
}

/** Smooth weighted round robin: each gains its weight, the highest is chosen and pays the total. */
function createWeighted(weightOf: (worker: WorkerCandidate) => number): LoadBalancer {
  const current = new Map<string, number>();
  return {
    choose(candidates) {
      const total = candidates.reduce((sum, worker) => sum + weightOf(worker), 0);
      let best: WorkerCandidate | undefined;
      for (const worker of candidates) {
        current.set(worker.incarnation, (current.get(worker.incarnation) ?? 0) + weightOf(worker));
        if (
          best === undefined ||
          (current.get(worker.incarnation) ?? 0) > (current.get(best.incarnation) ?? 0)
        )
          best = worker;
      }
      if (best !== undefined) current.set(best.incarnation, (current.get(best.incarnation) ?? 0) - total);
      return best;
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
      return createWeighted((worker) => Math.max(1, worker.weight));
    case "DYNAMIC_WEIGHTED_ROUND_ROBIN":
      return createWeighted(dynamicWeight);
  }
}
