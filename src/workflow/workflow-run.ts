import { errorMessage, type Lane, required } from "../base/index.ts";
import { type PlannedAction, planWorkflow } from "../model/index.ts";
import { FencedError, isDatabaseAway, NotOwnerError } from "../store/index.ts";
import type { TaskProcessExit } from "../task/process/index.ts";
import { absorbNews } from "./absorb-news.ts";
import { acquireSlot } from "./hold-slots.ts";
import { readOwned, readTasks } from "./load-run.ts";
import { nextLogicLook, startRowTask, tendLogicTasks } from "./logic/tend-logic-tasks.ts";
import { emitFinished, finishLogicTask, processKey } from "./logic-task.ts";
import { createTask, failRun, finishRun, moveWaitingTask, replaceTask } from "./row-actions.ts";
import { type RunPorts, type RunState, taskById } from "./run-state.ts";
import { forgetWake, type OperationOwner, startOperation, withdrawFromQueue } from "./task-operations.ts";
import { enforceTimeouts } from "./timeouts.ts";
import { isLogicTask, viewRun } from "./view.ts";
import { findScript, sendKills } from "./worker-delivery.ts";

/** A workflow in the hands of its owner. */
export interface WorkflowRun {
  readonly workflowInstanceId: number;
  readonly epoch: number;
  /** Something may have changed for it: look. Cheap; any number of calls while it looks lead to one more look. */
  poke(): void;
  /** This attempt is the valid one of one of its tasks. */
  hasTask(taskId: number): boolean;
  /** States of its valid attempts. */
  taskStates(): readonly string[];
  /** A script of one of its logic tasks ended. */
  processEnded(
    delivery: { readonly taskId: number; readonly dispatchNo: number },
    exit: TaskProcessExit,
  ): void;
  /** Lets go of it without a word to the database: it is somebody else's, or this master ends. */
  drop(): void;
}

export interface WorkflowRunOptions {
  readonly ports: RunPorts;
  readonly run: RunState;
  /** Where the looks of all runs queue. */
  readonly lane: Lane;
  /** Called once, when the workflow has ended or is not ours any more. */
  readonly onEnd: (reason: "finished" | "not-owner" | "dropped") => void;
}

/**
 * Errors in a row, of looks or of the operations of one attempt, that are borne before a workflow that cannot go on is
 * given up. Not counted: a database away.
 */
const MAX_ERRORS = 10;

interface Loop extends OperationOwner {
  looking: boolean;
  again: boolean;
  stale: boolean;
  errors: number;
  readonly exits: {
    readonly delivery: { readonly taskId: number; readonly dispatchNo: number };
    readonly exit: TaskProcessExit;
  }[];
}

/** How an attempt ends that is not handed out at all: a dry run's, or one that nobody could run. */
function endWithoutRun(ports: RunPorts, run: RunState, taskId: number): "SUCCESS" | "FAILURE" | undefined {
  // A dry run walks the graph and runs nothing.
  if (run.row.dryRun === 1) return "SUCCESS";
  const task = required(taskById(run, taskId), `attempt ${taskId}`);
  if (findScript(task.taskParams) !== undefined) return undefined;
  ports.log.error(`attempt ${taskId} of ${task.name} has no script in its task_params: it has failed`);
  return "FAILURE";
}

/** Performs what only writes rows, in order. Gives the others, which take a message or a process and run beside. */
async function performRowActions(
  ports: RunPorts,
  run: RunState,
  actions: readonly PlannedAction[],
): Promise<{
  readonly changed: boolean;
  readonly again: boolean;
  readonly operations: readonly PlannedAction[];
}> {
  let changed = false;
  const operations: PlannedAction[] = [];
  for (const action of actions) {
    if (run.ended) break;
    switch (action.kind) {
      case "create":
        await createTask(ports, run, action.code);
        break;
      case "park":
        withdrawFromQueue(ports, action.taskId);
        await moveWaitingTask(ports, run, action.taskId, action.to);
        break;
      case "delay":
        await moveWaitingTask(ports, run, action.taskId, "DELAY_EXECUTION");
        break;
      case "retry":
        await replaceTask(ports, run, action.taskId, "retry");
        break;
      case "replace":
        // Its end was reported in the meantime: that is taken in first.
        if (!(await replaceTask(ports, run, action.taskId, "failover")))
          return { changed, again: true, operations };
        break;
      case "finish":
        await finishRun(ports, run, action.state);
        break;
      case "dispatch": {
        if (await startRowTask(ports, run, action.taskId)) break;
        const end = endWithoutRun(ports, run, action.taskId);
        if (end === undefined) {
          operations.push(action);
          continue;
        }
        await moveWaitingTask(ports, run, action.taskId, end);
        break;
      }
      case "acquire":
        await acquireSlot(ports, run, action.taskId);
        break;
      case "resolve":
      case "kill":
      case "wake":
        operations.push(action);
        continue;
    }
    changed = true;
  }
  return { changed, again: false, operations };
}

/** The rows are read again: after an error nobody knows which of the writes took place. */
async function reload(ports: RunPorts, run: RunState): Promise<void> {
  // An order may have been written by a COMMIT that was not answered: its intent is closed, only the row tells of it.
  run.state = (await readOwned(ports.database, run.own)).state;
  run.slots.clear();
  const { tasks, executors } = await readTasks(ports.database, run.own);
  for (const task of tasks) {
    if (run.busy.has(task.id)) continue;
    run.tasks.set(task.taskCode, task);
    const executor = executors.get(task.id);
    if (executor !== undefined) run.executors.set(task.id, executor);
  }
}

async function lookOnce(ports: RunPorts, run: RunState, loop: Loop): Promise<void> {
  forgetWake(run);
  if (loop.stale) {
    await reload(ports, run);
    loop.stale = false;
  }
  await absorbNews(ports, run);
  for (let entry = loop.exits[0]; entry !== undefined; entry = loop.exits[0]) {
    if (run.busy.has(entry.delivery.taskId)) break;
    await finishLogicTask(ports, run, entry.delivery, entry.exit);
    loop.exits.shift();
  }
  const timeoutAtMs = await enforceTimeouts(ports, run);
  await tendLogicTasks(ports, run);
  for (;;) {
    const plan = planWorkflow(viewRun(run, ports.clock.now()));
    const { changed, again, operations } = await performRowActions(ports, run, plan);
    if (again) loop.again = true;
    if (run.ended || again) return;
    if (changed) continue;
    for (const operation of [...operations, ...nextLogicLook(ports, run)])
      startOperation(ports, run, operation, loop);
    if (timeoutAtMs !== undefined) startOperation(ports, run, { kind: "wake", atMs: timeoutAtMs }, loop);
    return;
  }
}

/** Nothing is done for it here any more. */
function letGo(ports: RunPorts, run: RunState): void {
  run.ended = true;
  forgetWake(run);
  for (const task of run.tasks.values()) {
    withdrawFromQueue(ports, task.id);
    // What still runs here is nobody's any more.
    if (isLogicTask(task.taskType)) ports.processes.kill(processKey(task.id, task.dispatchNo));
  }
}

/** Notes an error: the rows have to be read again. True: there were so many that the workflow cannot go on. */
function noteError(ports: RunPorts, run: RunState, loop: Loop, error: unknown): boolean {
  loop.stale = true;
  const away = isDatabaseAway(error);
  loop.errors += away ? 0 : 1;
  ports.log.warn(`workflow instance ${run.own.workflowInstanceId}: ${errorMessage(error)}`);
  return !away && Math.max(loop.errors, ...loop.failures.values()) >= MAX_ERRORS;
}

/** Ends a workflow that cannot go on. Undefined: that was not possible either, and is tried again. */
async function giveUp(
  ports: RunPorts,
  run: RunState,
  error: unknown,
): Promise<"finished" | "not-owner" | undefined> {
  try {
    await failRun(ports, run.own, error);
    sendKills(ports, run);
    return "finished";
  } catch (cause) {
    return cause instanceof NotOwnerError ? "not-owner" : undefined;
  }
}

/**
 * Takes a loaded workflow forward until it ends. Nothing here throws: what goes wrong is tried again, then given
 * up.
 */
export function createWorkflowRun({ ports, run, lane, onEnd }: WorkflowRunOptions): WorkflowRun {
  const fail = (error: unknown): void => void handle(error);
  const failures = new Map<number, number>();
  const loop: Loop = {
    looking: false,
    again: false,
    stale: false,
    errors: 0,
    exits: [],
    failures,
    poke,
    fail,
  };
  let over = false;

  function end(reason: "finished" | "not-owner" | "dropped"): void {
    if (over) return;
    over = true;
    letGo(ports, run);
    onEnd(reason);
  }

  async function handle(error: unknown): Promise<void> {
    if (run.ended) return;
    if (error instanceof NotOwnerError) {
      const { workflowInstanceId, epoch } = run.own;
      ports.events.emit({ type: "fence.rejected", what: error.what, workflowInstanceId, epoch });
      return end("not-owner");
    }
    if (error instanceof FencedError) return end("not-owner");
    if (noteError(ports, run, loop, error)) {
      const reason = await giveUp(ports, run, error);
      if (reason !== undefined) return end(reason);
    }
    if (!run.ended) ports.clock.setTimer(ports.retryPauseMs, poke);
  }

  async function look(): Promise<void> {
    loop.looking = true;
    do {
      loop.again = false;
      try {
        await lane.pass(async () => (run.ended ? undefined : lookOnce(ports, run, loop)));
        loop.errors = 0;
      } catch (error) {
        await handle(error);
        break;
      }
    } while (loop.again && !run.ended);
    loop.looking = false;
    if (run.ended) end("finished");
  }

  function poke(): void {
    if (run.ended) return;
    if (loop.looking) loop.again = true;
    else void look();
  }

  return {
    workflowInstanceId: run.own.workflowInstanceId,
    epoch: run.own.epoch,
    poke,
    hasTask: (taskId) => taskById(run, taskId) !== undefined,
    taskStates: () => [...run.tasks.values()].map((task) => task.state),
    processEnded(delivery, exit) {
      emitFinished(ports, run, delivery, exit);
      loop.exits.push({ delivery, exit });
      poke();
    },
    drop: () => end("dropped"),
  };
}
