import { errorMessage, required } from "../base/index.ts";
import type { DeliveryOutcome, WorkerCandidate } from "../dispatch/index.ts";
import { isTaskLive } from "../model/index.ts";
import { type DispatchAnswer, RpcError } from "../rpc/index.ts";
import { markDispatched, type TaskRow, takeBack } from "../store/index.ts";
import { writeOwned } from "./owner-write.ts";
import { parametersOf } from "./parameters.ts";
import { emitTaskState, putTask, type RunPorts, type RunState, subjectOf, taskById } from "./run-state.ts";
import { applyReport } from "./task-outcome.ts";

/** Speaks for the workflow in every message. */
function claimOf(ports: RunPorts, run: RunState) {
  return {
    workflowInstanceId: run.own.workflowInstanceId,
    ownerAddress: ports.me.address,
    ownerIncarnation: ports.me.incarnation,
    ownerEpoch: run.own.epoch,
  };
}

/** The script in `task_params`; undefined when there is none, or when it cannot be read: a damaged definition. */
export function findScript(taskParams: string | null): string | undefined {
  let params: unknown;
  try {
    params = JSON.parse(taskParams ?? "{}");
  } catch {
    return undefined;
  }
  if (typeof params !== "object" || params === null) return undefined;
  const script =
    "shellScript" in params ? params.shellScript : "rawScript" in params ? params.rawScript : undefined;
  return typeof script === "string" ? script : undefined;
}

/** The script of an attempt that is handed out: without one it would not be. */
export function scriptOf(task: TaskRow): string {
  return required(findScript(task.taskParams), `script of attempt ${task.id}`);
}

async function sendDispatch(
  ports: RunPorts,
  run: RunState,
  task: TaskRow,
  worker: WorkerCandidate,
): Promise<DispatchAnswer | "unknown"> {
  try {
    return await ports.rpc.call(
      worker.address,
      "dispatch",
      {
        ...claimOf(ports, run),
        taskInstanceId: task.id,
        dispatchNo: task.dispatchNo,
        workerIncarnation: worker.incarnation,
        taskName: task.name,
        taskType: task.taskType,
        script: scriptOf(task),
        environment: parametersOf(run, task),
        environmentConfig: task.environmentConfig ?? "",
      },
      { withinMs: ports.rpcTimeoutMs },
    );
  } catch (error) {
    // Nobody listened: it certainly did not arrive. Anything else leaves open whether it did.
    const refused = error instanceof RpcError && error.code === "REFUSED";
    return refused ? { accepted: false, reason: "STOPPING" } : "unknown";
  }
}

/** A definite refusal: the attempt waits again, for another delivery. */
async function returnToQueue(ports: RunPorts, run: RunState, task: TaskRow): Promise<void> {
  const { dispatchNo } = task;
  const next = await writeOwned(ports, run, `return of ${task.name}`, (tx) =>
    takeBack(tx, task.id, { dispatchNo, epoch: run.own.epoch }),
  );
  if (next === undefined) return;
  putTask(run, next);
  // Whether it is still wanted is for the plan to say: the workflow may have been stopped meanwhile.
  emitTaskState(ports, run, next, task.state);
}

/**
 * Hands an attempt to a worker: the row says DISPATCH before the message leaves, so whoever takes the workflow over
 * asks
 * that worker. No answer is not a failure: the attempt stays with this worker until it is resolved or the worker is
 * dead.
 */
export async function deliverTask(
  ports: RunPorts,
  run: RunState,
  taskId: number,
  worker: WorkerCandidate,
): Promise<DeliveryOutcome> {
  const before = required(taskById(run, taskId), `attempt ${taskId}`);
  const subject = { workflowInstanceId: run.own.workflowInstanceId, taskInstanceId: taskId };
  await ports.failpoints.reach("task.dispatch.before", subject);
  const task = await writeOwned(ports, run, `dispatch of ${before.name}`, async (tx) => {
    const { incarnation, address } = worker;
    const row = await markDispatched(tx, taskId, {
      workerIncarnation: incarnation,
      address,
      epoch: run.own.epoch,
    });
    await ports.failpoints.reach("task.dispatch.inside", subject);
    return row;
  });
  if (task === undefined) return "done";
  putTask(run, task);
  emitTaskState(ports, run, task, before.state);
  const { dispatchNo } = task;
  const of = { of: worker.address, ofIncarnation: worker.incarnation, epoch: run.own.epoch };
  ports.events.emit({ type: "task.dispatched", ...subjectOf(task), dispatchNo, ...of });
  await ports.failpoints.reach("task.dispatch.after", subject);
  if (!ports.mayAct()) return "done";
  const answer = await sendDispatch(ports, run, task, worker);
  if (answer === "unknown") return "unanswered";
  if (answer.accepted) {
    run.executors.set(taskId, "confirmed");
    return "done";
  }
  await returnToQueue(ports, run, task);
  return "refused";
}

/** Asks the worker what became of a delivery, and tells it who the owner is now. True when that is known. */
export async function resolveTask(ports: RunPorts, run: RunState, taskId: number): Promise<boolean> {
  const task = taskById(run, taskId);
  if (task === undefined || task.workerIncarnation === null || task.host === null) return true;
  const { dispatchNo, workerIncarnation, host } = task;
  try {
    const request = { ...claimOf(ports, run), taskInstanceId: taskId, dispatchNo, workerIncarnation };
    const answer = await ports.rpc.call(host, "resolve", request, { withinMs: ports.rpcTimeoutMs });
    switch (answer.state) {
      case "RUNNING":
      case "FINISHED": {
        // FINISHED: its report comes, or is in the inbox.
        run.executors.set(taskId, "confirmed");
        const of = { of: host, ofIncarnation: workerIncarnation, epoch: run.own.epoch };
        ports.events.emit({ type: "task.takenOver", ...subjectOf(task), dispatchNo, ...of });
        return true;
      }
      case "UNKNOWN":
        run.executors.set(taskId, "dead");
        return true;
      case "REFUSED":
        // Another life on that address: the one that is meant is over, and its fence will say so. Or a newer owner
        // spoke to it: then the next write finds out.
        return false;
    }
  } catch (error) {
    ports.log.debug(`attempt ${taskId} on ${host} is not resolved yet: ${errorMessage(error)}`);
    return false;
  }
}

/** The workflow has ended by force: what runs of it is told to end. Not repeated: its reports are obsolete anyway. */
export function sendKills(ports: RunPorts, run: RunState): void {
  for (const { id, state, workerIncarnation, host, dispatchNo } of run.tasks.values()) {
    if (!isTaskLive(state) || workerIncarnation === null || host === null) continue;
    if (workerIncarnation === ports.me.incarnation) continue;
    const request = { ...claimOf(ports, run), taskInstanceId: id, dispatchNo, workerIncarnation };
    ports.rpc
      .call(host, "kill", request, { withinMs: ports.rpcTimeoutMs })
      .catch((error: unknown) => ports.log.debug(`attempt ${id} was not killed: ${errorMessage(error)}`));
  }
}

/** Asks the worker to kill a delivery. Repeated by the plan until the attempt has ended. */
export async function killTask(ports: RunPorts, run: RunState, taskId: number): Promise<void> {
  const task = taskById(run, taskId);
  if (task === undefined || task.workerIncarnation === null || task.host === null) return;
  const { dispatchNo, workerIncarnation, host } = task;
  const request = { ...claimOf(ports, run), taskInstanceId: taskId, dispatchNo, workerIncarnation };
  const answer = await ports.rpc
    .call(host, "kill", request, { withinMs: ports.rpcTimeoutMs })
    .catch((error: unknown) => {
      ports.log.debug(`attempt ${taskId} on ${host} is not killed yet: ${errorMessage(error)}`);
      return undefined;
    });
  if (answer === undefined || answer.known) return;
  // Asked once more, so that nothing is concluded from a word that an older worker says of any life but its own.
  const asked = await ports.rpc
    .call(host, "resolve", request, { withinMs: ports.rpcTimeoutMs })
    .catch(() => undefined);
  if (asked?.state !== "UNKNOWN") return;
  // It never got there and never will (it is tombstoned): nothing runs, so the order is carried out.
  const body = {
    kind: "FINISHED",
    outcome: "KILLED",
    exitCode: null,
    endTimeMs: ports.clock.now(),
    out: {},
  } as const;
  await applyReport(ports, run, { taskInstanceId: taskId, dispatchNo, body, inbox: undefined });
}
