import type { Clock, Timer } from "../base/index.ts";
import type { LoadBalancer, WorkerCandidate } from "./load-balancer.ts";
import { compareWaiting, WaitingLine } from "./waiting-line.ts";
import { WorkerPauses } from "./worker-pauses.ts";

/**
 * What became of a try to hand a task to a worker. `refused`: for certain not there, try another. `done`: delivered, or
 * nothing to deliver any more: the task leaves the queue. `unanswered`: it leaves the queue too, since nobody knows
 * whether it arrived; the worker is left alone for a while.
 */
export type DeliveryOutcome = "done" | "refused" | "unanswered";

/** A task that waits for a worker. */
export interface DispatchItem {
  readonly taskId: number;
  readonly workerGroup: string;
  /** Compared from the left; the smaller goes first. */
  readonly order: readonly number[];
  deliver(worker: WorkerCandidate): Promise<DeliveryOutcome>;
}

/** How a group is served at this moment. */
export type GroupService =
  /** No such group: neither a row nor a worker knows it. Only said when the rows have been read. */
  | "unknown"
  /** It has no worker that takes work now: none at all, or all are BUSY or paused. */
  | "unserved"
  | "served";

export interface Dispatcher {
  /** Queues a task. One that is queued or being delivered already stays as it is. */
  offer(item: DispatchItem): void;
  /** Takes a task out of the queue. */
  withdraw(taskId: number): void;
  /** The workers, or their load, changed. */
  workersChanged(): void;
  /** This worker said something new of itself, or is back: pauses that refusals have brought it end at once. */
  workerChanged(incarnation: string): void;
  serviceOf(workerGroup: string): GroupService;
  /** Tasks that wait, by group. */
  waiting(): ReadonlyMap<string, number>;
  close(): void;
}

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly balancer: LoadBalancer;
  /** Workers of a group that are fit for work now, in the order of addresses. */
  readonly candidates: (workerGroup: string) => readonly WorkerCandidate[];
  /** False: for certain there is no such group. Default: every group is known. */
  readonly isKnown?: (workerGroup: string) => boolean;
  /** F has not passed. */
  readonly mayAct: () => boolean;
  /** How long a worker that refused is left alone the first time, milliseconds. Doubles up to a minute. */
  readonly pauseAfterRefusalMs: number;
}

/** Deliveries under way at a time. Bounds the sockets and connections that a burst takes. */
const MAX_CONCURRENT_DELIVERIES = 32;
/** Of these, to one worker: one that stands still must not take the places of all others. */
const MAX_DELIVERIES_TO_ONE = 8;

/**
 * Deliveries to a worker that may be under way at a time: no more than it has free slots, as far as is known. More of
 * them would race for the slots, and the one with the highest priority might lose.
 */
function deliveriesTo({ taskSlots, tasks }: WorkerCandidate): number {
  return Math.min(MAX_DELIVERIES_TO_ONE, Math.max(1, taskSlots - tasks));
}
/** A poll behind the hints: whatever was missed is seen after so long. */
const LOOK_AGAIN_MS = 1000;

/** Hands waiting tasks to workers in their order. A group without workers holds up no other group. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new GroupDispatcher(options);
}

class GroupDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lines = new Map<string, WaitingLine<DispatchItem>>();
  readonly #waiting = new Map<number, DispatchItem>();
  readonly #delivering = new Set<number>();
  /** Deliveries under way by worker. */
  readonly #inFlight = new Map<string, number>();
  readonly #pauses: WorkerPauses;
  #timer: Timer | undefined;
  #closed = false;
  #scheduled = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#pauses = new WorkerPauses(options.pauseAfterRefusalMs);
  }

  offer(item: DispatchItem): void {
    if (this.#closed || this.#waiting.has(item.taskId) || this.#delivering.has(item.taskId)) return;
    this.#enqueue(item);
    this.#schedule();
  }

  withdraw(taskId: number): void {
    const item = this.#waiting.get(taskId);
    if (item !== undefined) this.#dequeue(item);
  }

  workersChanged(): void {
    this.#schedule();
  }

  workerChanged(incarnation: string): void {
    this.#pauses.forget(incarnation);
    this.#schedule();
  }

  serviceOf(workerGroup: string): GroupService {
    if (this.#notPaused(workerGroup).length > 0) return "served";
    return (this.#options.isKnown?.(workerGroup) ?? true) ? "unserved" : "unknown";
  }

  waiting(): ReadonlyMap<string, number> {
    return new Map([...this.#lines].map(([group, line]) => [group, line.length]));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#lines.clear();
    this.#waiting.clear();
  }

  #enqueue(item: DispatchItem): void {
    const line = this.#lines.get(item.workerGroup) ?? new WaitingLine<DispatchItem>();
    this.#lines.set(item.workerGroup, line);
    line.add(item);
    this.#waiting.set(item.taskId, item);
  }

  #dequeue(item: DispatchItem): void {
    this.#waiting.delete(item.taskId);
    const line = this.#lines.get(item.workerGroup);
    line?.remove(item);
    if (line?.length === 0) this.#lines.delete(item.workerGroup);
  }

  #notPaused(group: string): readonly WorkerCandidate[] {
    const nowMs = this.#options.clock.monotonicMs();
    return this.#options
      .candidates(group)
      .filter(({ incarnation }) => !this.#pauses.isPaused(incarnation, nowMs));
  }

  #fit(group: string): readonly WorkerCandidate[] {
    return this.#notPaused(group).filter(
      (worker) => (this.#inFlight.get(worker.incarnation) ?? 0) < deliveriesTo(worker),
    );
  }

  /** The first task, over all groups, that has somebody to go to. Groups that have nobody are left out from here on. */
  #next(groups: Set<string>): { item: DispatchItem; worker: WorkerCandidate } | undefined {
    const heads = [...groups]
      .map((group) => this.#lines.get(group)?.head)
      .filter((head) => head !== undefined)
      .toSorted(compareWaiting);
    for (const item of heads) {
      const candidates = this.#fit(item.workerGroup);
      const worker = candidates.length === 0 ? undefined : this.#options.balancer.choose(candidates);
      if (worker !== undefined) return { item, worker };
      groups.delete(item.workerGroup);
    }
    return undefined;
  }

  #pump(): void {
    this.#scheduled = false;
    if (this.#closed || this.#waiting.size === 0) return;
    const groups = this.#options.mayAct() ? new Set(this.#lines.keys()) : new Set<string>();
    while (this.#delivering.size < MAX_CONCURRENT_DELIVERIES) {
      const next = this.#next(groups);
      if (next === undefined) break;
      void this.#deliver(next.item, next.worker);
    }
    this.#lookAgainLater();
  }

  async #deliver(item: DispatchItem, worker: WorkerCandidate): Promise<void> {
    const { clock } = this.#options;
    const { incarnation } = worker;
    this.#dequeue(item);
    this.#delivering.add(item.taskId);
    this.#inFlight.set(incarnation, (this.#inFlight.get(incarnation) ?? 0) + 1);
    // A delivery that throws was noted by its owner, who offers the task again.
    const outcome = await item.deliver(worker).catch((): DeliveryOutcome => "done");
    this.#delivering.delete(item.taskId);
    const left = (this.#inFlight.get(incarnation) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(incarnation, left);
    else this.#inFlight.delete(incarnation);
    if (outcome === "done") this.#pauses.forget(incarnation);
    else this.#pauses.refused(incarnation, clock.monotonicMs());
    if (outcome === "refused" && !this.#closed) this.#enqueue(item);
    this.#schedule();
  }

  #lookAgainLater(): void {
    this.#timer?.cancel();
    if (this.#waiting.size === 0) return;
    const nowMs = this.#options.clock.monotonicMs();
    const endMs = this.#pauses.nextEndMs(nowMs) ?? Number.POSITIVE_INFINITY;
    const pollMs = this.#options.mayAct() ? LOOK_AGAIN_MS : this.#options.pauseAfterRefusalMs;
    const inMs = Math.min(pollMs, endMs - nowMs);
    this.#timer = this.#options.clock.setTimer(inMs, () => this.#schedule());
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#options.clock.setTimer(0, () => this.#pump());
  }
}
