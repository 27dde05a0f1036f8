import { errorMessage, required } from "../base/index.ts";
import type { EndState, TaskState } from "../model/index.ts";
import {
  assertOwned,
  type CloneReason,
  changeTaskState,
  cloneTask,
  closeWhatIsOpen,
  finishWorkflow,
  insertAudit,
  insertGivenUp,
  insertTask,
  insertWorkflowEndAlert,
  lockAndLook,
  selectWorkflow,
} from "../store/index.ts";
import { startNextDate } from "./backfill.ts";
import { endAfterTimeout } from "./end-after-timeout.ts";
import { writeOwned } from "./owner-write.ts";
import { emitReplaced, emitTaskState, putTask, type RunPorts, type RunState, taskById } from "./run-state.ts";

/** The first attempt of a task whose predecessors are done. */
export async function createTask(ports: RunPorts, run: RunState, code: number): Promise<void> {
  const definition = required(run.definition.tasks.get(code), `definition of task ${code}`);
  const { row } = run;
  const ownGroup =
    definition.workerGroup === null || definition.workerGroup === "" ? undefined : definition.workerGroup;
  const workflowGroup = row.workerGroup === null || row.workerGroup === "" ? "default" : row.workerGroup;
  const task = await writeOwned(ports, run, `first attempt of ${definition.name}`, (tx) =>
    insertTask(tx, {
      workflowInstanceId: row.id,
      workflowInstanceName: row.name,
      projectCode: row.projectCode,
      name: definition.name,
      taskType: definition.taskType,
      taskCode: definition.code,
      definitionVersion: definition.version,
      taskParams: definition.taskParams,
      maxRetryTimes: definition.maxRetryTimes,
      retryInterval: definition.retryIntervalMinutes,
      delayTime: definition.delayMinutes,
      priority: definition.priority,
      // The task's own group counts, unless it is the default and the workflow names another.
      workerGroup: ownGroup === undefined || ownGroup === "default" ? workflowGroup : ownGroup,
      environmentCode: definition.environmentCode,
      environmentConfig: definition.environmentConfig,
      taskGroupId: definition.taskGroupId,
      varPool: row.varPool,
      dryRun: row.dryRun,
      epoch: run.own.epoch,
      nowMs: ports.clock.now(),
    }),
  );
  putTask(run, task);
  emitTaskState(ports, run, task, null);
}

/** Changes the state of an attempt that waits. */
export async function moveWaitingTask(
  ports: RunPorts,
  run: RunState,
  taskId: number,
  to: "PAUSE" | "KILL" | "DELAY_EXECUTION" | "SUCCESS" | "FAILURE",
): Promise<void> {
  const task = required(taskById(run, taskId), `attempt ${taskId}`);
  const nowMs = ports.clock.now();
  const next = await writeOwned(ports, run, `${to} of ${task.name}`, (tx) =>
    changeTaskState(tx, taskId, {
      from: ["SUBMITTED_SUCCESS", "DELAY_EXECUTION"],
      to,
      ...(to === "KILL" || to === "SUCCESS" || to === "FAILURE" ? { endTimeMs: nowMs } : {}),
      ...(to === "SUCCESS" ? { startTimeMs: nowMs } : {}),
      epoch: run.own.epoch,
    }),
  );
  if (next === undefined) throw new Error(`attempt ${taskId} of ${task.name} was changed by somebody else`);
  putTask(run, next);
  emitTaskState(ports, run, next, task.state);
}

/** States from which each kind of successor is made. */
const CLONED_FROM: Readonly<Record<CloneReason, readonly TaskState[]>> = {
  retry: ["FAILURE"],
  failover: ["DISPATCH", "RUNNING_EXECUTION", "NEED_FAULT_TOLERANCE"],
  recover: ["FAILURE", "KILL", "NEED_FAULT_TOLERANCE"],
};

/**
 * Puts a new attempt in the place of one that failed or whose executor is dead. False: it did not, since the end of the
 * old one was reported and has to be taken in first.
 */
export async function replaceTask(
  ports: RunPorts,
  run: RunState,
  taskId: number,
  reason: "retry" | "failover",
): Promise<boolean> {
  const old = required(taskById(run, taskId), `attempt ${taskId}`);
  const nowMs = ports.clock.now();
  const next = await writeOwned(ports, run, `successor of ${old.name}`, async (tx) => {
    // A report that was stored after the last look must not be lost: the attempt may have ended well.
    if (reason === "failover" && (await lockAndLook(tx, taskId, old.dispatchNo))) return "reported";
    const clone = await cloneTask(tx, taskId, {
      reason,
      from: CLONED_FROM[reason],
      epoch: run.own.epoch,
      nowMs,
    });
    if (clone !== undefined && reason === "failover") {
      await insertAudit(tx, {
        step: "CLONE",
        me: run.own.incarnation,
        incarnation: old.workerIncarnation,
        workflowInstanceId: run.own.workflowInstanceId,
        taskInstanceId: taskId,
        epoch: run.own.epoch,
        why: `attempt ${clone.id} follows`,
        nowMs,
      });
    }
    return clone;
  });
  if (next === "reported") return false;
  if (next === undefined) throw new Error(`attempt ${taskId} of ${old.name} was changed by somebody else`);
  forgetExecutor(run, taskId);
  putTask(run, next);
  emitReplaced(ports, run, {
    old,
    oldState: reason === "failover" ? "NEED_FAULT_TOLERANCE" : old.state,
    next,
  });
  return true;
}

/** What was known of the process of an attempt does not matter any more. */
export function forgetExecutor(run: RunState, taskId: number): void {
  run.executors.delete(taskId);
  run.killAgainAtMs.delete(taskId);
  run.resolveAgainAtMs.delete(taskId);
}

/** The end of the workflow. Afterwards the run does nothing any more. */
export async function finishRun(ports: RunPorts, run: RunState, planned: EndState): Promise<void> {
  const subject = { workflowInstanceId: run.own.workflowInstanceId };
  await ports.failpoints.reach("workflow.finish.before", subject);
  const { state, alert } = await writeOwned(ports, run, `end in ${planned}`, async (tx) => {
    const end = { state: await endAfterTimeout(tx, run, planned), nowMs: ports.clock.now() };
    await finishWorkflow(tx, run.own.workflowInstanceId, { ...end, varPool: null });
    await startNextDate(tx, run.row, end);
    const told = await insertWorkflowEndAlert(tx, run.own.workflowInstanceId, end.state, end.nowMs);
    await ports.failpoints.reach("workflow.finish.inside", subject);
    return { state: end.state, alert: told };
  });
  const from = run.state;
  run.ended = true;
  ports.events.emit({ type: "workflow.state", ...subject, state, from, epoch: run.own.epoch });
  if (alert !== undefined) ports.events.emit({ type: "alert.stored", ...alert, ...subject });
  await ports.failpoints.reach("workflow.finish.after", subject);
}

/** A workflow that cannot go on ends in FAILURE with the reason and an alert: nothing hangs in silence. */
export async function failRun(
  ports: Pick<RunPorts, "database" | "clock" | "events" | "log">,
  own: RunState["own"],
  error: unknown,
): Promise<void> {
  const nowMs = ports.clock.now();
  const reason = errorMessage(error);
  const alertId = await ports.database.transaction(async (tx) => {
    await assertOwned(tx, own, "end in FAILURE");
    await finishWorkflow(tx, own.workflowInstanceId, { state: "FAILURE", varPool: null, nowMs });
    await insertAudit(tx, {
      step: "GIVE_UP",
      me: own.incarnation,
      workflowInstanceId: own.workflowInstanceId,
      epoch: own.epoch,
      why: reason,
      nowMs,
    });
    await closeWhatIsOpen(tx, own.workflowInstanceId, nowMs);
    const row = await selectWorkflow(tx, own.workflowInstanceId);
    if (row !== undefined) await startNextDate(tx, row, { state: "FAILURE", nowMs });
    return insertGivenUp(tx, { ...own, why: reason, nowMs });
  });
  ports.log.error(`workflow instance ${own.workflowInstanceId} cannot go on: ${reason}`);
  const subject = { workflowInstanceId: own.workflowInstanceId, epoch: own.epoch };
  ports.events.emit({ type: "workflow.state", state: "FAILURE", from: "RUNNING_EXECUTION", ...subject });
  if (alertId !== undefined)
    ports.events.emit({ type: "alert.stored", alertId, title: "Workflow cannot go on", ...subject });
}
