import { required } from "../base/index.ts";
import type { DeliveryOutcome } from "../dispatch/index.ts";
import type { PlannedAction } from "../model/index.ts";
import { isDatabaseAway, type TaskRow } from "../store/index.ts";
import { failUndispatched, groupOf, judgeWaitOf } from "./dispatch-limit.ts";
import { groupPriorityOf } from "./hold-slots.ts";
import { isRowTask } from "./logic/tend-logic-tasks.ts";
import { processKey, startLogicTask } from "./logic-task.ts";
import { type RunPorts, type RunState, taskById } from "./run-state.ts";
import { isLogicTask } from "./view.ts";
import { deliverTask, killTask, resolveTask } from "./worker-delivery.ts";

/** Timers of Node fire at once when they are longer than 2^31 ms. Whoever wakes too soon sleeps again. */
const LONGEST_SLEEP_MS = 3_600_000;

/** Who is told when an operation that runs beside the others is over. */
export interface OperationOwner {
  /** How often in a row the operations of an attempt failed. */
  readonly failures: Map<number, number>;
  poke(): void;
  fail(error: unknown): void;
}

interface Beside {
  readonly ports: RunPorts;
  readonly run: RunState;
  readonly taskId: number;
  readonly owner: OperationOwner;
}

/**
 * Runs an operation of one attempt beside the rest of the workflow; the attempt is busy as long, and a while longer
 * when it fails: what fails at once would be tried again without a pause.
 */
async function runBeside({ ports, run, taskId, owner }: Beside, work: () => Promise<unknown>): Promise<void> {
  const release = (): void => {
    run.busy.delete(taskId);
    owner.poke();
  };
  run.busy.add(taskId);
  try {
    await work();
    owner.failures.delete(taskId);
    release();
  } catch (error) {
    if (!isDatabaseAway(error)) owner.failures.set(taskId, (owner.failures.get(taskId) ?? 0) + 1);
    owner.fail(error);
    ports.clock.setTimer(ports.retryPauseMs, release);
  }
}

/** At most once per pause: what got no answer is asked again, but not in a hurry. */
function isDue(
  ports: RunPorts,
  run: RunState,
  owner: OperationOwner,
  at: { map: Map<number, number>; taskId: number },
): boolean {
  const nowMs = ports.clock.monotonicMs();
  const dueMs = at.map.get(at.taskId) ?? nowMs;
  if (dueMs > nowMs) {
    scheduleWake(ports, run, owner, dueMs - nowMs);
    return false;
  }
  at.map.set(at.taskId, nowMs + ports.retryPauseMs);
  return true;
}

/** Looks again after that time; the earliest of all wishes counts. Every look forgets them and makes new ones. */
function scheduleWake(ports: RunPorts, run: RunState, owner: OperationOwner, wantedMs: number): void {
  const inMs = Math.min(Math.max(0, wantedMs), LONGEST_SLEEP_MS);
  const atMs = ports.clock.monotonicMs() + inMs;
  if (atMs >= run.wakeAtMs) return;
  run.wakeTimer?.cancel();
  run.wakeAtMs = atMs;
  run.wakeTimer = ports.clock.setTimer(inMs, () => owner.poke());
}

/** Workflow priority, task priority, task-group priority (large first), first submission: DolphinScheduler's order. */
function orderOf(run: RunState, task: TaskRow): readonly number[] {
  return [run.row.priority ?? 2, task.priority ?? 2, -groupPriorityOf(run, task), task.firstSubmitTime ?? 0];
}

function offerToWorkers(ports: RunPorts, run: RunState, taskId: number, owner: OperationOwner): void {
  const task = required(taskById(run, taskId), `attempt ${taskId}`);
  const verdict = judgeWaitOf(ports, run, task);
  if (verdict.kind !== "wait") {
    withdrawFromQueue(ports, taskId);
    void runBeside({ ports, run, taskId, owner }, () => failUndispatched(ports, run, taskId, verdict.kind));
    return;
  }
  if (verdict.lookAtMs !== undefined) scheduleWake(ports, run, owner, verdict.lookAtMs - ports.clock.now());
  ports.dispatcher.offer({
    taskId,
    workerGroup: groupOf(task),
    order: orderOf(run, task),
    async deliver(worker) {
      // Between the choice and now the run may have ended, or the attempt may have been parked.
      const now = taskById(run, taskId);
      if (run.ended || now === undefined || run.busy.has(taskId)) return "done";
      let outcome: DeliveryOutcome = "done";
      await runBeside({ ports, run, taskId, owner }, async () => {
        outcome = await deliverTask(ports, run, taskId, worker);
      });
      return outcome;
    },
  });
}

function killLogicTask(ports: RunPorts, run: RunState, taskId: number): void {
  const task = required(taskById(run, taskId), `attempt ${taskId}`);
  // Its end comes with the next look at what it waits for.
  if (isRowTask(task.taskType)) return resolveLogicTask(ports, run, taskId);
  const key = processKey(taskId, task.dispatchNo);
  if (ports.processes.running().includes(key)) ports.processes.kill(key);
  else if (run.executors.get(taskId) !== "confirmed") run.executors.set(taskId, "dead");
}

function resolveLogicTask(ports: RunPorts, run: RunState, taskId: number): void {
  const task = required(taskById(run, taskId), `attempt ${taskId}`);
  const running = isRowTask(task.taskType)
    ? task.workerIncarnation === ports.me.incarnation
    : ports.processes.running().includes(processKey(taskId, task.dispatchNo));
  run.executors.set(taskId, running ? "confirmed" : "dead");
}

/** Starts what takes a message or a process. The attempt is busy until it is over; then the owner is poked. */
export function startOperation(
  ports: RunPorts,
  run: RunState,
  action: PlannedAction,
  owner: OperationOwner,
): void {
  if (action.kind === "wake") return scheduleWake(ports, run, owner, action.atMs - ports.clock.now());
  if (action.kind !== "dispatch" && action.kind !== "resolve" && action.kind !== "kill") return;
  const { taskId } = action;
  const beside = { ports, run, taskId, owner };
  const logic = isLogicTask(required(taskById(run, taskId), `attempt ${taskId}`).taskType);
  if (!ports.mayAct()) return scheduleWake(ports, run, owner, ports.retryPauseMs);
  switch (action.kind) {
    case "dispatch":
      if (logic) void runBeside(beside, () => startLogicTask(ports, run, taskId));
      else offerToWorkers(ports, run, taskId, owner);
      return;
    case "resolve":
      if (!isDue(ports, run, owner, { map: run.resolveAgainAtMs, taskId })) return;
      if (logic) void runBeside(beside, async () => resolveLogicTask(ports, run, taskId));
      else void runBeside(beside, () => resolveTask(ports, run, taskId));
      return;
    case "kill":
      if (!isDue(ports, run, owner, { map: run.killAgainAtMs, taskId })) return;
      if (logic) void runBeside(beside, async () => killLogicTask(ports, run, taskId));
      else void runBeside(beside, () => killTask(ports, run, taskId));
  }
}

export function forgetWake(run: RunState): void {
  run.wakeTimer?.cancel();
  run.wakeTimer = undefined;
  run.wakeAtMs = Number.POSITIVE_INFINITY;
}

export function withdrawFromQueue(ports: RunPorts, taskId: number): void {
  ports.dispatcher.withdraw(taskId);
}
