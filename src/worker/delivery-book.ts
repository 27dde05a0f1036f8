import type {
  DeliveryKey,
  DispatchAnswer,
  DispatchRequest,
  KillRequest,
  OwnerClaim,
  ResolveAnswer,
  ResolveRequest,
} from "../rpc/index.ts";

/** A delivery that was accepted. */
export interface Delivery {
  readonly key: string;
  readonly request: DispatchRequest;
  /** Where its reports go first: the owner that spoke last. */
  ownerAddress: string;
  /** Grows from left to right only. */
  state: "STARTING" | "RUNNING" | "FINISHED";
  /** An owner asked for its end. */
  killRequested: boolean;
  /** Nobody wants its reports any more. */
  abandoned: boolean;
}

type Refusal = Extract<DispatchAnswer, { accepted: false }>["reason"];

/** What the node can take at this moment. */
export interface Admission {
  /** The lease deadline lies in the future. */
  readonly inSession: boolean;
  readonly stopping: boolean;
  /** Tasks that may run at a time. */
  readonly taskSlots: number;
}

/** A message of a former owner: nothing was done. */
export class StaleOwnerError extends Error {
  override readonly name = "StaleOwnerError";
}

/** A message for another life of this address: what became of that life's deliveries is not known here. */
export class OtherLifeError extends Error {
  override readonly name = "OtherLifeError";
}

/**
 * Deliveries, tombstones and epochs that are remembered after they are over; the oldest go first. A message that is
 * late by more deliveries than that does not exist: calls have deadlines of seconds.
 */
const REMEMBERED = 20_000;

export function deliveryKey(delivery: DeliveryKey): string {
  return `${delivery.taskInstanceId}-${delivery.dispatchNo}`;
}

/**
 * What one life of a worker knows of deliveries. A delivery is
 *
 * - unknown: never heard of;
 * - accepted (STARTING, RUNNING, FINISHED): it runs or ran here, once; asked again, the answer is the same;
 * - tombstoned: refused for good, because somebody was told that it does not run here. It never will.
 *
 * and moves from unknown to one of the others, never again. An owner whose epoch is below the highest that was seen of
 * the workflow is a former one.
 */
export class DeliveryBook {
  readonly incarnation: string;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #tombstones = new Map<string, Refusal>();
  readonly #epochs = new Map<number, number>();
  #live = 0;

  constructor(incarnation: string) {
    this.incarnation = incarnation;
  }

  /** Deliveries that are accepted and not finished. */
  live(): readonly Delivery[] {
    return [...this.#deliveries.values()].filter((delivery) => delivery.state !== "FINISHED");
  }

  get liveCount(): number {
    return this.#live;
  }

  find(key: string): Delivery | undefined {
    return this.#deliveries.get(key);
  }

  /** Accepts a delivery or buries it. `fresh` is there when it has to be started now. */
  dispatch(request: DispatchRequest, admission: Admission): { answer: DispatchAnswer; fresh?: Delivery } {
    const key = deliveryKey(request);
    const known = this.#deliveries.get(key);
    if (known !== undefined && request.workerIncarnation === this.incarnation)
      return { answer: { accepted: true } };
    const reason = this.#refusal(request, key, admission);
    if (reason !== undefined) {
      // Another life's delivery is not ours to bury, and needs no grave: that life is over.
      if (reason !== "OTHER_INCARNATION") this.#bury(key, reason);
      return { answer: { accepted: false, reason } };
    }
    const { ownerAddress } = request;
    const asked = { killRequested: false, abandoned: false };
    const fresh: Delivery = { key, request, ownerAddress, state: "STARTING", ...asked };
    this.#deliveries.set(key, fresh);
    this.#live += 1;
    forgetOldest(this.#deliveries, (delivery) => delivery.state === "FINISHED");
    return { answer: { accepted: true }, fresh };
  }

  /** What became of a delivery; its reports go to this owner from now on. */
  resolve(request: ResolveRequest): { answer: ResolveAnswer; delivery?: Delivery } {
    if (request.workerIncarnation !== this.incarnation) {
      return { answer: { state: "REFUSED", reason: "OTHER_INCARNATION" } };
    }
    if (this.#isStale(request)) return { answer: { state: "REFUSED", reason: "STALE_EPOCH" } };
    const delivery = this.#deliveries.get(deliveryKey(request));
    if (delivery === undefined) {
      this.#bury(deliveryKey(request), "TOMBSTONED");
      return { answer: { state: "UNKNOWN" } };
    }
    delivery.ownerAddress = request.ownerAddress;
    return { answer: { state: delivery.state === "FINISHED" ? "FINISHED" : "RUNNING" }, delivery };
  }

  /** The delivery that has to die; undefined: unknown, and buried now. Throws StaleOwnerError or OtherLifeError. */
  kill(request: KillRequest): Delivery | undefined {
    if (request.workerIncarnation !== this.incarnation) {
      throw new OtherLifeError(`this is ${this.incarnation}, not ${request.workerIncarnation}`);
    }
    if (this.#isStale(request)) {
      throw new StaleOwnerError(
        `epoch ${request.ownerEpoch} of workflow ${request.workflowInstanceId} is over`,
      );
    }
    const delivery = this.#deliveries.get(deliveryKey(request));
    if (delivery === undefined) this.#bury(deliveryKey(request), "TOMBSTONED");
    else delivery.killRequested = true;
    return delivery;
  }

  /** The delivery ended. */
  finish(delivery: Delivery): void {
    if (delivery.state === "FINISHED") return;
    delivery.state = "FINISHED";
    this.#live -= 1;
  }

  #refusal(request: DispatchRequest, key: string, admission: Admission): Refusal | undefined {
    if (request.workerIncarnation !== this.incarnation) return "OTHER_INCARNATION";
    // First, since a refused message tells of its epoch too.
    const stale = this.#isStale(request);
    const buried = this.#tombstones.get(key);
    if (buried !== undefined) return buried;
    if (!admission.inSession) return "NOT_IN_SESSION";
    if (stale) return "STALE_EPOCH";
    if (admission.stopping) return "STOPPING";
    return this.#live >= admission.taskSlots ? "NO_SLOT" : undefined;
  }

  /** Whether a former owner speaks; remembers the epoch otherwise. */
  #isStale({ workflowInstanceId, ownerEpoch }: OwnerClaim): boolean {
    const highest = this.#epochs.get(workflowInstanceId) ?? Number.NEGATIVE_INFINITY;
    if (ownerEpoch < highest) return true;
    // Set anew, so that the order of the map is that of the last use.
    this.#epochs.delete(workflowInstanceId);
    this.#epochs.set(workflowInstanceId, ownerEpoch);
    forgetOldest(this.#epochs, () => true);
    return false;
  }

  #bury(key: string, reason: Refusal): void {
    this.#tombstones.set(key, reason);
    forgetOldest(this.#tombstones, () => true);
  }
}

function forgetOldest<K, V>(map: Map<K, V>, mayGo: (value: V) => boolean): void {
  if (map.size <= REMEMBERED) return;
  for (const [key, value] of map) {
    if (!mayGo(value)) continue;
    map.delete(key);
    return;
  }
}
