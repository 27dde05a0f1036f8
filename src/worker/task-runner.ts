import { rm } from "node:fs/promises";
import path from "node:path";
import { errorMessage } from "../base/index.ts";
import type { TaskSubject } from "../model/index.ts";
import type { NodePorts } from "../node/index.ts";
import type { ReportBody, ReportRequest, TaskOutcome } from "../rpc/index.ts";
import {
  NotStartedError,
  type TaskProcessExit,
  type TaskProcesses,
  type TaskProcessSpec,
} from "../task/process/index.ts";
import type { Delivery } from "./delivery-book.ts";
import { readOutParameters } from "./out-parameters.ts";
import type { ReportSender } from "./report-sender.ts";

/** What running tasks needs. */
export interface TaskRunnerOptions {
  readonly address: string;
  /** The life that the tasks run for. */
  readonly incarnation: string;
  readonly dataDirectory: string;
  readonly processes: TaskProcesses;
  readonly sender: ReportSender;
  readonly ports: Pick<NodePorts, "clock" | "events" | "log">;
  /** Whether this life may still have an effect. */
  readonly inSession: () => boolean;
  /** The delivery is over: its process is gone and its report is safe. */
  readonly onFinished: (delivery: Delivery) => void;
}

type Finished = Extract<ReportBody, { kind: "FINISHED" }>;

/** `seq` of the reports of a delivery. */
const SEQ = { RUNNING: 1, FINISHED: 2 } as const;

/** Runs the deliveries of one life: 1 start the process, 2 report RUNNING, 3 wait for its end, 4 report FINISHED. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  /** Who waits for the end of a process, by delivery. */
  readonly #waiting = new Map<string, (exit: TaskProcessExit) => void>();
  readonly #stopListening: () => void;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    this.#stopListening = options.processes.onExit((exit) => this.#waiting.get(exit.key)?.(exit));
  }

  /** Runs an accepted delivery in the background to its end. */
  run(delivery: Delivery): void {
    void this.#run(delivery).catch((error: unknown) => {
      this.#options.ports.log.error(
        `task ${delivery.request.taskName} (${delivery.key}): ${errorMessage(error)}`,
      );
    });
  }

  /** Kills a delivery; its report follows. */
  kill(delivery: Delivery): void {
    if (delivery.state !== "FINISHED") this.#options.processes.kill(delivery.key);
  }

  /** Call it when no delivery of this life is left. */
  close(): void {
    this.#stopListening();
  }

  async #run(delivery: Delivery): Promise<void> {
    const { processes, ports } = this.#options;
    const spec = this.#specify(delivery);
    // Before the start: a short script has ended before the start is told.
    const ended = new Promise<TaskProcessExit>((resolve) => this.#waiting.set(delivery.key, resolve));
    let pid: number;
    try {
      ({ pid } = await processes.start(spec));
    } catch (error) {
      await this.#finish(delivery, this.#didNotStart(delivery, error));
      return;
    }
    delivery.state = "RUNNING";
    const startTimeMs = ports.clock.now();
    const { dispatchNo } = delivery.request;
    ports.events.emit({ type: "task.started", ...subjectOf(delivery), dispatchNo, pid });
    await this.#report(delivery, { kind: "RUNNING", pid, startTimeMs, logPath: spec.logPath });
    const { outcome, exitCode, endTimeMs } = await ended;
    const out = outcome === "SUCCESS" ? await readOutParameters(spec.logPath) : {};
    await rm(spec.workDirectory, { recursive: true, force: true });
    await this.#finish(delivery, { kind: "FINISHED", outcome, exitCode, endTimeMs, out });
  }

  #didNotStart(delivery: Delivery, error: unknown): Finished {
    const { ports, inSession } = this.#options;
    ports.log.warn(
      `task ${delivery.request.taskName} (${delivery.key}) did not start: ${errorMessage(error)}`,
    );
    // The lease may have been renewed since: what counts is why it did not start.
    const leaseOver = (error instanceof NotStartedError && error.leaseOver) || !inSession();
    const fault: TaskOutcome = leaseOver ? "LOST" : "FAILURE";
    const outcome = delivery.killRequested ? "KILLED" : fault;
    return { kind: "FINISHED", outcome, exitCode: null, endTimeMs: ports.clock.now(), out: {} };
  }

  async #finish(delivery: Delivery, body: Finished): Promise<void> {
    this.#waiting.delete(delivery.key);
    const { dispatchNo } = delivery.request;
    const { outcome, exitCode } = body;
    const subject = subjectOf(delivery);
    this.#options.ports.events.emit({ type: "task.finished", ...subject, dispatchNo, outcome, exitCode });
    if (!delivery.abandoned) await this.#report(delivery, body);
    this.#options.onFinished(delivery);
  }

  async #report(delivery: Delivery, body: ReportBody): Promise<void> {
    const { taskInstanceId, dispatchNo, workflowInstanceId } = delivery.request;
    const report: ReportRequest = {
      taskInstanceId,
      dispatchNo,
      workflowInstanceId,
      workerIncarnation: this.#options.incarnation,
      seq: SEQ[body.kind],
      body,
    };
    await this.#options.sender.send(report, delivery.ownerAddress);
  }

  #specify(delivery: Delivery): TaskProcessSpec {
    const { request, key } = delivery;
    const { dataDirectory, address, incarnation } = this.#options;
    const folder = String(request.workflowInstanceId);
    return {
      key,
      script: request.script,
      environmentConfig: request.environmentConfig,
      environment: {
        ...request.environment,
        FAILOVER_WORKFLOW_INSTANCE_ID: String(request.workflowInstanceId),
        FAILOVER_TASK_INSTANCE_ID: String(request.taskInstanceId),
        FAILOVER_DISPATCH_NO: String(request.dispatchNo),
        FAILOVER_OWNER_EPOCH: String(request.ownerEpoch),
        FAILOVER_NODE: address,
        FAILOVER_INCARNATION: incarnation,
      },
      logPath: path.join(dataDirectory, "logs", folder, `${key}.log`),
      workDirectory: path.join(dataDirectory, "work", folder, key),
    };
  }
}

function subjectOf(delivery: Delivery): TaskSubject {
  const { workflowInstanceId, taskInstanceId, taskName } = delivery.request;
  return { workflowInstanceId, taskInstanceId, taskName };
}
