import type { ReportBody } from "../rpc/index.ts";
import {
  changeTaskState,
  cloneTask,
  insertAudit,
  markReportApplied,
  type ReportRow,
  type SqlExecutor,
  type TaskChange,
  type TaskRow,
} from "../store/index.ts";
import { writeOwned } from "./owner-write.ts";
import { varPoolOf } from "./parameters.ts";
import { forgetExecutor } from "./row-actions.ts";
import { emitReplaced, emitTaskState, putTask, type RunPorts, type RunState, taskById } from "./run-state.ts";
import { isTimedOut } from "./timeout-reason.ts";

/** What was reported of a delivery. */
export interface DeliveryReport {
  readonly taskInstanceId: number;
  readonly dispatchNo: number;
  readonly body: ReportBody;
  /** Its row in the inbox; undefined for a task that ran on this master. */
  readonly inbox: ReportRow | undefined;
}

type Finished = Extract<ReportBody, { kind: "FINISHED" }>;

/**
 * KILLED means KILL only when somebody wanted it: a worker that is stopped kills its tasks too, and that must not end
 * the workflow. Anything else that ended the process from outside is LOST: the attempt gets a successor.
 */
function endOf(run: RunState, task: TaskRow, body: Finished): "SUCCESS" | "FAILURE" | "KILL" | "lost" {
  const timedOut = isTimedOut(run, task);
  switch (body.outcome) {
    case "SUCCESS":
      return "SUCCESS";
    case "FAILURE":
      return "FAILURE";
    case "KILLED":
      if (timedOut) return "FAILURE";
      return run.state === "READY_STOP" || task.killReason !== null ? "KILL" : "lost";
    case "LOST":
      return timedOut ? "FAILURE" : "lost";
  }
}

async function writeLost(
  tx: SqlExecutor,
  ports: RunPorts,
  run: RunState,
  task: TaskRow,
): Promise<TaskRow | undefined> {
  const nowMs = ports.clock.now();
  await insertAudit(tx, {
    step: "CLONE",
    me: run.own.incarnation,
    incarnation: task.workerIncarnation,
    workflowInstanceId: task.workflowInstanceId,
    taskInstanceId: task.id,
    epoch: run.own.epoch,
    why: "its worker gave it up",
    nowMs,
  });
  return cloneTask(tx, task.id, {
    reason: "failover",
    from: ["DISPATCH", "RUNNING_EXECUTION"],
    epoch: run.own.epoch,
    nowMs,
  });
}

function changeFor(run: RunState, task: TaskRow, report: DeliveryReport): TaskChange | "lost" {
  const { body, dispatchNo } = report;
  const { epoch } = run.own;
  if (body.kind === "RUNNING") {
    const { startTimeMs, pid, logPath } = body;
    return { from: ["DISPATCH"], to: "RUNNING_EXECUTION", dispatchNo, startTimeMs, pid, logPath, epoch };
  }
  const end = endOf(run, task, body);
  if (end === "lost") return "lost";
  const varPool = varPoolOf(task, body.out);
  const { endTimeMs } = body;
  const given = varPool === undefined ? {} : { varPool };
  return { from: ["DISPATCH", "RUNNING_EXECUTION"], to: end, dispatchNo, endTimeMs, epoch, ...given };
}

/** Applies a report to its attempt. One that does not fit the row (late, of an older delivery) changes nothing. */
export async function applyReport(ports: RunPorts, run: RunState, report: DeliveryReport): Promise<void> {
  const task = taskById(run, report.taskInstanceId);
  if (task === undefined || task.dispatchNo !== report.dispatchNo) return;
  const change = changeFor(run, task, report);
  const next = await writeOwned(ports, run, `report of ${task.name}`, async (tx) => {
    const written =
      change === "lost" ? await writeLost(tx, ports, run, task) : await changeTaskState(tx, task.id, change);
    if (report.inbox !== undefined) await markReportApplied(tx, report.inbox);
    return written;
  });
  if (next === undefined) return;
  putTask(run, next);
  if (change === "lost") {
    forgetExecutor(run, task.id);
    emitReplaced(ports, run, { old: task, oldState: "NEED_FAULT_TOLERANCE", next });
    return;
  }
  if (change.to === "RUNNING_EXECUTION") run.executors.set(task.id, "confirmed");
  else forgetExecutor(run, task.id);
  emitTaskState(ports, run, next, task.state);
}
