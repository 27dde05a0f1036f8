import { required } from "../base/index.ts";
import { judgeWait, type WaitVerdict } from "../model/index.ts";
import {
  changeTaskState,
  endRetries,
  hasWorkerGroup,
  insertAlert,
  insertAudit,
  type SqlExecutor,
  type TaskRow,
} from "../store/index.ts";
import { writeOwned } from "./owner-write.ts";
import { emitTaskState, putTask, type RunPorts, type RunState, subjectOf, taskById } from "./run-state.ts";

type GivenUp = Exclude<WaitVerdict["kind"], "wait">;

export function groupOf(task: TaskRow): string {
  return task.workerGroup ?? "default";
}

/** Whether an attempt that is due has waited for a worker long enough, counted from instants in its row. */
export function judgeWaitOf(ports: RunPorts, run: RunState, task: TaskRow): WaitVerdict {
  const delayMs = run.definition.tasks.get(task.taskCode)?.delayMs ?? 0;
  return judgeWait({
    sinceMs: Math.max(task.submitTime ?? 0, (task.firstSubmitTime ?? 0) + delayMs),
    ...ports.dispatchLimit,
    nowMs: ports.clock.now(),
    group: ports.dispatcher.serviceOf(groupOf(task)),
  });
}

function reasonOf(ports: RunPorts, task: TaskRow, why: GivenUp): string {
  const group = groupOf(task);
  return why === "unknown-group"
    ? `there is no worker group ${group}: add it to t_ds_worker_group, or to the groups of a worker`
    : `no worker of group ${group} took it in ${ports.dispatchLimit.limitMs} ms: all are away, BUSY or refuse it`;
}

async function writeFailure(
  tx: SqlExecutor,
  ports: RunPorts,
  run: RunState,
  failure: { readonly task: TaskRow; readonly why: GivenUp },
): Promise<
  { readonly row: TaskRow; readonly alertId: number | undefined; readonly title: string } | undefined
> {
  const { task, why } = failure;
  const nowMs = ports.clock.now();
  const { epoch, incarnation: me, workflowInstanceId } = run.own;
  // Made since it was looked for: then the task waits for its workers.
  if (why === "unknown-group" && (await hasWorkerGroup(tx, groupOf(task)))) return undefined;
  const from = ["SUBMITTED_SUCCESS", "DELAY_EXECUTION"] as const;
  const row = await changeTaskState(tx, task.id, { from, to: "FAILURE", endTimeMs: nowMs, epoch });
  if (row === undefined) return undefined;
  if (why === "unknown-group") await endRetries(tx, task.id);
  const reason = reasonOf(ports, task, why);
  await insertAudit(tx, {
    step: "DISPATCH_TIMEOUT",
    me,
    workflowInstanceId,
    taskInstanceId: task.id,
    epoch,
    why: reason,
    nowMs,
  });
  const title = `Task ${task.name} found no worker`;
  const alertId = await insertAlert(tx, {
    title,
    content: JSON.stringify([{ type: "TASK", taskInstanceId: task.id, event: "DISPATCH_TIMEOUT", reason }]),
    type: "TASK_FAILURE",
    dedupeKey: `dispatch-timeout:${task.id}:${task.dispatchNo}`,
    workflowInstanceId,
    nowMs,
  });
  return { row: why === "unknown-group" ? { ...row, maxRetryTimes: row.retryTimes } : row, alertId, title };
}

/** Ends an attempt that found no worker in FAILURE, with the reason in the audit and an alert. */
export async function failUndispatched(
  ports: RunPorts,
  run: RunState,
  taskId: number,
  why: GivenUp,
): Promise<void> {
  const task = required(taskById(run, taskId), `attempt ${taskId}`);
  const written = await writeOwned(ports, run, `failed dispatch of ${task.name}`, (tx) =>
    writeFailure(tx, ports, run, { task, why }),
  );
  if (written === undefined) return;
  const { row, alertId, title } = written;
  putTask(run, row);
  emitTaskState(ports, run, row, task.state);
  ports.log.warn(`attempt ${taskId} of ${task.name} has failed: ${reasonOf(ports, task, why)}`);
  const { workflowInstanceId } = subjectOf(task);
  if (alertId !== undefined) ports.events.emit({ type: "alert.stored", alertId, title, workflowInstanceId });
}
