import {
  changeTaskState,
  insertAudit,
  markDispatched,
  type SqlExecutor,
  type TaskChange,
  type TaskRow,
} from "../../store/index.ts";
import { writeOwned } from "../owner-write.ts";
import { forgetExecutor } from "../row-actions.ts";
import { emitTaskState, putTask, type RunPorts, type RunState, subjectOf } from "../run-state.ts";
import { isTimedOut } from "../timeout-reason.ts";

/** How the start of a logic task without a process leaves its row. */
export interface LogicStart {
  /** PAUSE, KILL: it was not begun at all. */
  readonly to: "RUNNING_EXECUTION" | "SUCCESS" | "FAILURE" | "PAUSE" | "KILL";
  /** Why it failed. */
  readonly why?: string;
}

type WriteStart = (tx: SqlExecutor) => Promise<LogicStart>;

/** Why a task failed goes on record with it: there is no log of a process to look into. */
async function recordFailure(
  tx: SqlExecutor,
  ports: RunPorts,
  run: RunState,
  failure: { readonly task: TaskRow; readonly why: string },
): Promise<void> {
  await insertAudit(tx, {
    step: "TASK_FAILED",
    me: ports.me.incarnation,
    workflowInstanceId: run.own.workflowInstanceId,
    taskInstanceId: failure.task.id,
    epoch: run.own.epoch,
    why: failure.why,
    nowMs: ports.clock.now(),
  });
}

async function writeStarted(
  tx: SqlExecutor,
  ports: RunPorts,
  run: RunState,
  started: { readonly task: TaskRow; readonly start: LogicStart },
): Promise<TaskRow | undefined> {
  const { task, start } = started;
  const { epoch } = run.own;
  const nowMs = ports.clock.now();
  if (start.to === "PAUSE" || start.to === "KILL") {
    const ended = start.to === "KILL" ? { endTimeMs: nowMs } : {};
    return changeTaskState(tx, task.id, {
      from: ["SUBMITTED_SUCCESS", "DELAY_EXECUTION"],
      to: start.to,
      ...ended,
      epoch,
    });
  }
  const { incarnation, address } = ports.me;
  const handed = await markDispatched(tx, task.id, { workerIncarnation: incarnation, address, epoch });
  if (handed === undefined) return undefined;
  if (start.why !== undefined) await recordFailure(tx, ports, run, { task, why: start.why });
  const ended = start.to === "RUNNING_EXECUTION" ? {} : { endTimeMs: nowMs };
  return changeTaskState(tx, task.id, {
    from: ["DISPATCH"],
    to: start.to,
    startTimeMs: nowMs,
    ...ended,
    epoch,
  });
}

/**
 * Begins an attempt of a logic task that has no process. Everything that belongs to its beginning is one transaction,
 * so whoever dies at any point has begun it wholly or not at all. `write` is what the task itself does there.
 */
export async function startLogicRow(
  ports: RunPorts,
  run: RunState,
  task: TaskRow,
  write: WriteStart,
): Promise<void> {
  const subject = { workflowInstanceId: run.own.workflowInstanceId, taskInstanceId: task.id };
  await ports.failpoints.reach("task.dispatch.before", subject);
  const { start, next } = await writeOwned(ports, run, `start of ${task.name}`, async (tx) => {
    const begun = await write(tx);
    const row = await writeStarted(tx, ports, run, { task, start: begun });
    await ports.failpoints.reach("task.dispatch.inside", subject);
    return { start: begun, next: row };
  });
  if (next === undefined) throw new Error(`attempt ${task.id} of ${task.name} was changed by somebody else`);
  putTask(run, next);
  if (next.dispatchNo !== task.dispatchNo) {
    run.executors.set(task.id, "confirmed");
    const of = { of: ports.me.address, ofIncarnation: ports.me.incarnation, epoch: run.own.epoch };
    ports.events.emit({ type: "task.dispatched", ...subjectOf(next), dispatchNo: next.dispatchNo, ...of });
  }
  if (start.why !== undefined) ports.log.error(`attempt ${task.id} of ${task.name} has failed: ${start.why}`);
  emitTaskState(ports, run, next, task.state);
  await ports.failpoints.reach("task.dispatch.after", subject);
}

export interface LogicEnd {
  readonly state: "SUCCESS" | "FAILURE" | "PAUSE" | "KILL";
  readonly varPool?: string | undefined;
  readonly why?: string | undefined;
}

/**
 * Ends a live attempt of a logic task without a process, as `look` says; undefined: not now. It looks inside of the
 * transaction, at what it has locked.
 */
export async function endLogicRow(
  ports: RunPorts,
  run: RunState,
  task: TaskRow,
  look: (tx: SqlExecutor) => Promise<LogicEnd | undefined>,
): Promise<void> {
  const nowMs = ports.clock.now();
  const { end, next } = await writeOwned(ports, run, `end of ${task.name}`, async (tx) => {
    const found = await look(tx);
    if (found === undefined) return { end: undefined, next: undefined };
    const { varPool, why } = found;
    const state = found.state === "KILL" && isTimedOut(run, task) ? "FAILURE" : found.state;
    if (why !== undefined) await recordFailure(tx, ports, run, { task, why });
    const change: TaskChange = {
      from: ["DISPATCH", "RUNNING_EXECUTION"],
      to: state,
      dispatchNo: task.dispatchNo,
      // A pause is no end: the attempt goes on when the workflow does.
      ...(state === "PAUSE" ? {} : { endTimeMs: nowMs }),
      ...(varPool === undefined ? {} : { varPool }),
      epoch: run.own.epoch,
    };
    return { end: found, next: await changeTaskState(tx, task.id, change) };
  });
  if (end === undefined || next === undefined) return;
  if (end.why !== undefined) ports.log.error(`attempt ${task.id} of ${task.name} has failed: ${end.why}`);
  putTask(run, next);
  forgetExecutor(run, task.id);
  emitTaskState(ports, run, next, task.state);
}
