import type { Clock, Timer } from "../base/index.ts";
import type { LoadBalancer, WorkerCandidate } from "./load-balancer.ts";

/**
 * What became of a try to hand a task to a worker. `refused`: for certain not there, try another. `done`: delivered,
 * unresolved, or nothing to deliver any more: the task leaves the queue.
 */
export type DeliveryOutcome = "done" | "refused";

/** A task that waits for a worker. */
export interface DispatchItem {
  readonly taskId: number;
  readonly workerGroup: string;
  /** Compared from the left; the smaller goes first. */
  readonly order: readonly number[];
  deliver(worker: WorkerCandidate): Promise<DeliveryOutcome>;
}

export interface Dispatcher {
  /** Queues a task. One that is queued or being delivered already stays as it is. */
  offer(item: DispatchItem): void;
  /** Takes a task out of the queue. */
  withdraw(taskId: number): void;
  /** The workers, or their load, changed. */
  workersChanged(): void;
  close(): void;
}

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly balancer: LoadBalancer;
  /** Workers of a group that are fit for work now, in the order of addresses. */
  readonly candidates: (workerGroup: string) => readonly WorkerCandidate[];
  /** F has not passed. */
  readonly mayAct: () => boolean;
  /** How long a worker that refused is left alone, milliseconds. */
  readonly pauseAfterRefusalMs: number;
}

/** Deliveries under way at a time. Bounds the sockets and connections that a burst takes. */
const MAX_CONCURRENT_DELIVERIES = 32;

function compareOrder(left: DispatchItem, right: DispatchItem): number {
  for (const [index, value] of left.order.entries()) {
    const difference = value - (right.order[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.taskId - right.taskId;
}

/** Hands waiting tasks to workers in their order. A group without workers holds up no other group. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { clock, balancer } = options;
  const waiting = new Map<number, DispatchItem>();
  const delivering = new Set<number>();
  const pausedUntilMs = new Map<string, number>();
  let timer: Timer | undefined;
  let closed = false;
  let scheduled = false;

  const fit = (group: string): readonly WorkerCandidate[] =>
    options
      .candidates(group)
      .filter((worker) => (pausedUntilMs.get(worker.incarnation) ?? 0) <= clock.monotonicMs());

  const lookAgainLater = (): void => {
    timer?.cancel();
    timer = clock.setTimer(options.pauseAfterRefusalMs, schedule);
  };

  async function deliver(item: DispatchItem, worker: WorkerCandidate): Promise<void> {
    waiting.delete(item.taskId);
    delivering.add(item.taskId);
    // A delivery that throws was noted by its owner, who offers the task again.
    const outcome = await item.deliver(worker).catch((): DeliveryOutcome => "done");
    delivering.delete(item.taskId);
    if (outcome === "refused" && !closed) {
      pausedUntilMs.set(worker.incarnation, clock.monotonicMs() + options.pauseAfterRefusalMs);
      waiting.set(item.taskId, item);
      lookAgainLater();
    }
    schedule();
  }

  function pump(): void {
    scheduled = false;
    if (closed) return;
    if (waiting.size > 0 && !options.mayAct()) return lookAgainLater();
    for (const item of [...waiting.values()].toSorted(compareOrder)) {
      if (delivering.size >= MAX_CONCURRENT_DELIVERIES) return;
      const candidates = fit(item.workerGroup);
      const worker = candidates.length === 0 ? undefined : balancer.choose(candidates);
      if (worker === undefined) lookAgainLater();
      else void deliver(item, worker);
    }
  }

  function schedule(): void {
    if (scheduled || closed) return;
    scheduled = true;
    clock.setTimer(0, pump);
  }

  return {
    offer(item) {
      if (waiting.has(item.taskId) || delivering.has(item.taskId)) return;
      waiting.set(item.taskId, item);
      schedule();
    },
    withdraw: (taskId) => void waiting.delete(taskId),
    workersChanged: schedule,
    close() {
      closed = true;
      timer?.cancel();
      waiting.clear();
    },
  };
}
