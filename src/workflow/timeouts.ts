import { planTimeouts, type TimedTask, type TimeoutAction } from "../model/index.ts";
import {
  changeTaskState,
  changeWorkflowState,
  insertAlert,
  insertAudit,
  insertTimeoutStop,
  lockAndLook,
  markKillReason,
  type SqlExecutor,
  type TaskRow,
} from "../store/index.ts";
import { writeOwned } from "./owner-write.ts";
import { forgetExecutor } from "./row-actions.ts";
import { emitTaskState, putTask, type RunPorts, type RunState, taskById } from "./run-state.ts";
import { isTimedOut, TIMEOUT_REASON } from "./timeout-reason.ts";

function timedTask(run: RunState, task: TaskRow, nowMs: number): TimedTask {
  return {
    id: task.id,
    state: task.state,
    timeout: run.definition.timeouts.tasks.get(task.taskCode),
    startedMs: task.startTime ?? task.submitTime ?? nowMs,
    dead: run.executors.get(task.id) === "dead" || run.busy.has(task.id),
    told: task.killReason !== null || run.timeoutsTold.has(task.id),
  };
}

function alertContent(run: RunState, task: TaskRow | undefined, timeoutMs: number): string {
  const { row } = run;
  return JSON.stringify([
    {
      type: task === undefined ? "WORKFLOW" : "TASK",
      workflowInstanceId: row.id,
      workflowInstanceName: row.name,
      ...(task === undefined ? {} : { taskInstanceId: task.id, taskName: task.name, host: task.host }),
      event: "TIME_OUT",
      warningLevel: "MIDDLE",
      timeoutMs,
    },
  ]);
}

/** Stores the alert of a time-out, once per attempt or run. Undefined: an owner before this one has done so. */
async function storeAlert(
  tx: SqlExecutor,
  ports: RunPorts,
  run: RunState,
  task: TaskRow | undefined,
): Promise<{ readonly alertId: number; readonly title: string } | undefined> {
  const { row } = run;
  const { timeouts } = run.definition;
  const timeout = task === undefined ? timeouts.workflow : timeouts.tasks.get(task.taskCode);
  const title =
    task === undefined
      ? `Workflow timeout warning: ${row.name ?? row.id}`
      : `Task timeout warning: ${task.name} of ${row.name ?? row.id}`;
  const alertId = await insertAlert(tx, {
    title,
    content: alertContent(run, task, timeout?.ms ?? 0),
    type: task === undefined ? "PROCESS_INSTANCE_TIMEOUT" : "TASK_TIMEOUT",
    dedupeKey:
      task === undefined ? `workflow-timeout:${row.id}:${row.runTimes ?? 1}` : `task-timeout:${task.id}`,
    workflowInstanceId: row.id,
    nowMs: ports.clock.now(),
  });
  return alertId === undefined ? undefined : { alertId, title };
}

function tellAlert(
  ports: RunPorts,
  run: RunState,
  alert: { alertId: number; title: string } | undefined,
): void {
  const { workflowInstanceId } = run.own;
  if (alert !== undefined) ports.events.emit({ type: "alert.stored", ...alert, workflowInstanceId });
}

type Due<K extends TimeoutAction["kind"]> = Extract<TimeoutAction, { readonly kind: K }>;

async function taskTimedOut(ports: RunPorts, run: RunState, due: Due<"task">): Promise<void> {
  const task = taskById(run, due.taskId);
  if (task === undefined) return;
  const { dispatchNo } = task;
  const { epoch } = run.own;
  const written = await writeOwned(ports, run, `time-out of ${task.name}`, async (tx) => {
    const marked =
      !due.fail || (await markKillReason(tx, task.id, { reason: TIMEOUT_REASON, dispatchNo, epoch }));
    return { marked, alert: due.warn ? await storeAlert(tx, ports, run, task) : undefined };
  });
  run.timeoutsTold.add(task.id);
  if (due.fail && written.marked) putTask(run, { ...task, killReason: TIMEOUT_REASON });
  tellAlert(ports, run, written.alert);
}

async function workflowTimedOut(ports: RunPorts, run: RunState, due: Due<"workflow">): Promise<void> {
  const from = run.state;
  const { workflowInstanceId, epoch } = run.own;
  const nowMs = ports.clock.now();
  const stops = due.fail && from !== "READY_STOP";
  const alert = await writeOwned(ports, run, "time-out of the workflow", async (tx) => {
    if (stops) {
      await changeWorkflowState(tx, workflowInstanceId, { from: [from], to: "READY_STOP", nowMs });
      await insertTimeoutStop(tx, { workflowInstanceId, runTimes: run.row.runTimes }, { epoch, nowMs });
    }
    return due.warn ? storeAlert(tx, ports, run, undefined) : undefined;
  });
  run.timeoutsTold.add("workflow");
  tellAlert(ports, run, alert);
  if (!stops) return;
  run.state = "READY_STOP";
  ports.events.emit({ type: "workflow.state", workflowInstanceId, state: "READY_STOP", from, epoch });
}

/** Its time was over and its worker is gone: it has failed, and gets no successor with a time-out of its own. */
async function failDead(ports: RunPorts, run: RunState, task: TaskRow): Promise<void> {
  const nowMs = ports.clock.now();
  const next = await writeOwned(ports, run, `end of ${task.name}`, async (tx) => {
    // A report that was stored after the last look says how it ended: that is taken in first.
    if (await lockAndLook(tx, task.id, task.dispatchNo)) return undefined;
    await insertAudit(tx, {
      step: "TIMEOUT",
      me: run.own.incarnation,
      incarnation: task.workerIncarnation,
      workflowInstanceId: task.workflowInstanceId,
      taskInstanceId: task.id,
      epoch: run.own.epoch,
      why: "its time was over when its worker was lost",
      nowMs,
    });
    return changeTaskState(tx, task.id, {
      from: ["DISPATCH", "RUNNING_EXECUTION"],
      to: "FAILURE",
      dispatchNo: task.dispatchNo,
      endTimeMs: nowMs,
      epoch: run.own.epoch,
    });
  });
  if (next === undefined) return;
  forgetExecutor(run, task.id);
  putTask(run, next);
  emitTaskState(ports, run, next, task.state);
}

/** Does what is due. Gives the instant (wall clock) at which the next time-out is over; undefined: there is none. */
export async function enforceTimeouts(ports: RunPorts, run: RunState): Promise<number | undefined> {
  const { timeouts } = run.definition;
  if (timeouts.workflow === undefined && timeouts.tasks.size === 0) return undefined;
  const nowMs = ports.clock.now();
  const { row } = run;
  const actions = planTimeouts({
    nowMs,
    tasks: [...run.tasks.values()].map((task) => timedTask(run, task, nowMs)),
    timeout: timeouts.workflow,
    startedMs: row.runStartedTime ?? row.restartTime ?? row.startTime ?? nowMs,
    told: run.timeoutsTold.has("workflow"),
  });
  const wakes: number[] = [];
  for (const action of actions) {
    if (action.kind === "wake") wakes.push(action.atMs);
    else if (action.kind === "task") await taskTimedOut(ports, run, action);
    else await workflowTimedOut(ports, run, action);
  }
  for (const task of Array.from(run.tasks.values())) {
    if (isTimedOut(run, task) && run.executors.get(task.id) === "dead" && !run.busy.has(task.id))
      await failDead(ports, run, task);
  }
  return wakes.length === 0 ? undefined : Math.min(...wakes);
}
