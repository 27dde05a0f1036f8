import { errorMessage, required } from "../base/index.ts";
import { markDispatched, type TaskRow } from "../store/index.ts";
import { NotStartedError, type TaskProcessExit } from "../task/process/index.ts";
import { writeOwned } from "./owner-write.ts";
import { parametersOf } from "./parameters.ts";
import { emitTaskState, putTask, type RunPorts, type RunState, subjectOf, taskById } from "./run-state.ts";
import { applyReport } from "./task-outcome.ts";
import { scriptOf } from "./worker-delivery.ts";

/** Names the process of a delivery in the port. */
export function processKey(taskId: number, dispatchNo: number): string {
  return `${taskId}-${dispatchNo}`;
}

function environmentOf(ports: RunPorts, run: RunState, task: TaskRow): Record<string, string> {
  return {
    ...parametersOf(run, task),
    FAILOVER_WORKFLOW_INSTANCE_ID: String(task.workflowInstanceId),
    FAILOVER_TASK_INSTANCE_ID: String(task.id),
    FAILOVER_DISPATCH_NO: String(task.dispatchNo),
    FAILOVER_OWNER_EPOCH: String(run.own.epoch),
    FAILOVER_NODE: ports.me.address,
    FAILOVER_INCARNATION: ports.me.incarnation,
  };
}

/** Runs the script of a logic task on this master. Its end comes as `finishLogicTask`. */
export async function startLogicTask(ports: RunPorts, run: RunState, taskId: number): Promise<void> {
  const before = required(taskById(run, taskId), `attempt ${taskId}`);
  const subject = { workflowInstanceId: run.own.workflowInstanceId, taskInstanceId: taskId };
  await ports.failpoints.reach("task.dispatch.before", subject);
  const task = await writeOwned(ports, run, `start of ${before.name}`, async (tx) => {
    const { incarnation, address } = ports.me;
    const row = await markDispatched(tx, taskId, {
      workerIncarnation: incarnation,
      address,
      epoch: run.own.epoch,
    });
    await ports.failpoints.reach("task.dispatch.inside", subject);
    return row;
  });
  if (task === undefined) return;
  putTask(run, task);
  emitTaskState(ports, run, task, before.state);
  const { dispatchNo } = task;
  const of = { of: ports.me.address, ofIncarnation: ports.me.incarnation, epoch: run.own.epoch };
  ports.events.emit({ type: "task.dispatched", ...subjectOf(task), dispatchNo, ...of });
  await ports.failpoints.reach("task.dispatch.after", subject);
  run.executors.set(taskId, "confirmed");
  const logPath = `${ports.dataDirectory}/logs/${processKey(taskId, dispatchNo)}.log`;
  const pid = await startScript(ports, run, task, logPath);
  if (pid === undefined) return;
  ports.events.emit({ type: "task.started", ...subjectOf(task), dispatchNo, pid });
  const body = { kind: "RUNNING", pid, startTimeMs: ports.clock.now(), logPath } as const;
  await applyReport(ports, run, { taskInstanceId: taskId, dispatchNo, body, inbox: undefined });
}

/** Undefined: it did not start, which has been dealt with. A start that throws has run nothing. */
async function startScript(
  ports: RunPorts,
  run: RunState,
  task: TaskRow,
  logPath: string,
): Promise<number | undefined> {
  const key = processKey(task.id, task.dispatchNo);
  try {
    const { pid } = await ports.processes.start({
      key,
      script: scriptOf(task),
      environmentConfig: task.environmentConfig ?? "",
      environment: environmentOf(ports, run, task),
      logPath,
      workDirectory: `${ports.dataDirectory}/running/${key}`,
    });
    return pid;
  } catch (error) {
    ports.log.warn(`logic task ${task.name} did not start: ${errorMessage(error)}`);
    if (error instanceof NotStartedError && error.leaseOver) {
      // No fault of the script: whoever owns the workflow when there is a session again starts a successor.
      run.executors.set(task.id, "dead");
      return undefined;
    }
    const exit = { key, outcome: "FAILURE", exitCode: null, endTimeMs: ports.clock.now() } as const;
    await finishLogicTask(ports, run, { taskId: task.id, dispatchNo: task.dispatchNo }, exit);
    return undefined;
  }
}

interface LogicDelivery {
  readonly taskId: number;
  readonly dispatchNo: number;
}

/** Says that the script of a logic task ended. */
export function emitFinished(
  ports: RunPorts,
  run: RunState,
  delivery: LogicDelivery,
  exit: TaskProcessExit,
): void {
  const task = taskById(run, delivery.taskId);
  const { outcome, exitCode } = exit;
  const { dispatchNo } = delivery;
  if (task !== undefined)
    ports.events.emit({ type: "task.finished", ...subjectOf(task), dispatchNo, outcome, exitCode });
}

/** Writes the end of a logic task's script, as a worker would have reported it. */
export async function finishLogicTask(
  ports: RunPorts,
  run: RunState,
  delivery: LogicDelivery,
  exit: TaskProcessExit,
): Promise<void> {
  const task = taskById(run, delivery.taskId);
  if (task === undefined || task.dispatchNo !== delivery.dispatchNo) return;
  const { outcome, exitCode, endTimeMs } = exit;
  const body = { kind: "FINISHED", outcome, exitCode, endTimeMs, out: {} } as const;
  await applyReport(ports, run, {
    taskInstanceId: task.id,
    dispatchNo: task.dispatchNo,
    body,
    inbox: undefined,
  });
}
