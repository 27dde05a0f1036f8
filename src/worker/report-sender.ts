import { type Clock, errorMessage, type Failpoints, waitUntil } from "../base/index.ts";
import type { Log } from "../node/index.ts";
import type { ReportAnswer, ReportRequest, RpcClient } from "../rpc/index.ts";
import { deliveryKey } from "./delivery-book.ts";
import type { ReportJournal } from "./report-journal.ts";

/** What the sender works with. */
export interface ReportSenderOptions {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly log: Log;
  readonly journal: ReportJournal;
  /** Addresses of the masters that are there, as far as this worker sees. */
  readonly masters: () => readonly string[];
  /** Deadline of one call, as long as masters answer in time. */
  readonly callWithinMs: number;
  /** Nobody wants this delivery of this incarnation any more. */
  readonly onObsolete: (incarnation: string, deliveryKey: string) => void;
}

/** First and longest wait after a round in which no master took the report. */
const FIRST_BACKOFF_MS = 20;
const LONGEST_BACKOFF_MS = 500;
/**
 * A round in which no answer came in time gives the next one more time, up to this many times the deadline: otherwise
 * masters that are slow for good would never get a report through. A few rounds fit into the isolation limit.
 */
const PATIENCE_GROWTH = 3;
const LONGEST_PATIENCE = 9;

/** The reports of one delivery, sent one after the other. */
interface Lane {
  readonly id: string;
  readonly queue: ReportRequest[];
  ownerAddress: string;
  /** Deadline of the next call. */
  callWithinMs: number;
  /** Ends the wait before the next round. */
  hurry: AbortController;
}

/**
 * Brings reports to a master, each until one has stored it or says that nobody wants it: first to the owner, else to
 * any master that is seen. Reports of one delivery keep their order; deliveries do not wait for each other. The sender
 * outlives the incarnations of its process, so that the last reports of a life that is over still arrive.
 */
export class ReportSender {
  readonly #options: ReportSenderOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #closed = new AbortController();
  /** Since when nobody acknowledges; undefined while there is nothing to say or somebody answers. */
  #unheardSinceMs: number | undefined;

  constructor(options: ReportSenderOptions) {
    this.#options = options;
  }

  /** Resolves when the report is safe (on disk, where that matters); it is sent from then on. */
  async send(report: ReportRequest, ownerAddress: string): Promise<void> {
    if (report.body.kind === "FINISHED") {
      try {
        await this.#options.journal.add({ report, ownerAddress });
      } catch (error) {
        // It is sent all the same; only the death of this process would lose it now.
        this.#options.log.error(`a report cannot be put on disk: ${errorMessage(error)}; free some space`);
      }
    }
    this.#enqueue(report, ownerAddress);
  }

  /** Takes up what former lives of this data directory left. */
  resume(): void {
    for (const { report, ownerAddress } of this.#options.journal.load()) this.#enqueue(report, ownerAddress);
  }

  /** A new owner: what is left of the delivery goes there, now. */
  redirect(incarnation: string, key: string, ownerAddress: string): void {
    const lane = this.#lanes.get(`${incarnation}/${key}`);
    if (lane === undefined) return;
    lane.ownerAddress = ownerAddress;
    lane.hurry.abort();
  }

  /** For how long no master has acknowledged anything while there was something to say; 0 otherwise. */
  unheardMs(): number {
    return this.#unheardSinceMs === undefined ? 0 : this.#options.clock.monotonicMs() - this.#unheardSinceMs;
  }

  /** Deliveries with reports that nobody has acknowledged. */
  get waiting(): number {
    return this.#lanes.size;
  }

  /** Starts that count anew. */
  forgetUnheard(): void {
    this.#unheardSinceMs = undefined;
  }

  /** Waits until everything is acknowledged; false when that took too long. */
  async flush(withinMs: number): Promise<boolean> {
    for (const lane of this.#lanes.values()) lane.hurry.abort();
    try {
      const until = (): true | undefined => (this.#lanes.size === 0 ? true : undefined);
      await waitUntil({
        clock: this.#options.clock,
        until,
        withinMs,
        describe: "reports to be acknowledged",
      });
      return true;
    } catch {
      return false;
    }
  }

  /** Sends nothing more. What is not acknowledged stays in the journal. */
  close(): void {
    this.#closed.abort();
    for (const lane of this.#lanes.values()) lane.hurry.abort();
  }

  #enqueue(report: ReportRequest, ownerAddress: string): void {
    const id = `${report.workerIncarnation}/${deliveryKey(report)}`;
    const lane = this.#lanes.get(id);
    if (lane !== undefined) {
      lane.queue.push(report);
      return;
    }
    const { callWithinMs } = this.#options;
    const fresh: Lane = { id, queue: [report], ownerAddress, callWithinMs, hurry: new AbortController() };
    this.#lanes.set(id, fresh);
    void this.#drain(fresh);
  }

  async #drain(lane: Lane): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    for (let report = lane.queue[0]; report !== undefined; report = lane.queue[0]) {
      const answer = await this.#offer(report, lane);
      if (this.#closed.signal.aborted) return;
      if (answer === undefined) {
        this.#unheardSinceMs ??= this.#options.clock.monotonicMs();
        const longestMs = LONGEST_PATIENCE * this.#options.callWithinMs;
        lane.callWithinMs = Math.min(PATIENCE_GROWTH * lane.callWithinMs, longestMs);
        await this.#options.clock.sleep(backoffMs, lane.hurry.signal);
        if (lane.hurry.signal.aborted) lane.hurry = new AbortController();
        backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS);
        continue;
      }
      this.#unheardSinceMs = undefined;
      backoffMs = FIRST_BACKOFF_MS;
      this.#acknowledged(report, answer, lane);
    }
    // In the same turn as the look at the queue: a report that comes later opens a new lane.
    this.#lanes.delete(lane.id);
  }

  #acknowledged(report: ReportRequest, answer: ReportAnswer, lane: Lane): void {
    const obsolete = answer.state === "OBSOLETE";
    for (const done of lane.queue.splice(0, obsolete ? lane.queue.length : 1))
      this.#options.journal.remove(done);
    if (obsolete) this.#options.onObsolete(report.workerIncarnation, deliveryKey(report));
  }

  /** Offers the report to the owner and to every other master in turn; undefined when none took it. */
  async #offer(report: ReportRequest, lane: Lane): Promise<ReportAnswer | undefined> {
    const { failpoints, rpc, masters, log } = this.#options;
    const subject = {
      workflowInstanceId: report.workflowInstanceId,
      taskInstanceId: report.taskInstanceId,
    };
    for (const address of new Set([lane.ownerAddress, ...masters()])) {
      if (this.#closed.signal.aborted) return undefined;
      try {
        await failpoints.reach("task.report.before", subject);
        const answer = await rpc.call(address, "report", report, { withinMs: lane.callWithinMs });
        await failpoints.reach("task.report.after", subject);
        return answer;
      } catch (error) {
        log.debug(`report ${report.seq} of ${deliveryKey(report)} was not taken: ${errorMessage(error)}`);
      }
    }
    return undefined;
  }
}
