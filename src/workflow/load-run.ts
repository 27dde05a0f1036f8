import { type ActiveWorkflowState, type Executor, isWorkflowFinished } from "../model/index.ts";
import {
  assertOwned,
  DamagedRowError,
  type Database,
  invalidateOlderDuplicates,
  NotOwnerError,
  type Ownership,
  selectAlive,
  selectValidTasks,
  selectWorkflow,
  type TaskRow,
  type WorkflowRow,
} from "../store/index.ts";
import { loadDefinition } from "./definition.ts";
import type { RunState } from "./run-state.ts";

function asActive(state: string, id: number): ActiveWorkflowState {
  if (state === "RUNNING_EXECUTION" || state === "READY_PAUSE" || state === "READY_STOP") return state;
  throw new DamagedRowError(`workflow instance ${id} has an owner and state ${state}`);
}

/**
 * What is known of the executor of a live attempt when it is read from the database: dead when its life is over or
 * unknown, otherwise to be asked. (A life that is fenced is quiet: its guard ended its tasks before its session ended.)
 */
export function executorOf(task: TaskRow, alive: ReadonlySet<string>): Executor {
  return task.workerIncarnation !== null && alive.has(task.workerIncarnation) ? "unresolved" : "dead";
}

/** Reads the valid attempts and what is known of their executors. */
export async function readTasks(
  database: Database,
  own: Ownership,
): Promise<{ readonly tasks: readonly TaskRow[]; readonly executors: ReadonlyMap<number, Executor> }> {
  const tasks = await selectValidTasks(database, own.workflowInstanceId);
  const live = tasks.filter((task) => task.state === "DISPATCH" || task.state === "RUNNING_EXECUTION");
  const lives = live.map((task) => task.workerIncarnation).filter((life) => life !== null);
  const alive = await selectAlive(database, lives);
  return { tasks, executors: new Map(live.map((task) => [task.id, executorOf(task, alive)])) };
}

/** The workflow's row and its state, if it is still this owner's. Throws NotOwnerError or DamagedRowError. */
export async function readOwned(
  database: Database,
  own: Ownership,
): Promise<{ readonly row: WorkflowRow; readonly state: ActiveWorkflowState }> {
  const row = await selectWorkflow(database, own.workflowInstanceId);
  const mine = row?.ownerEpoch === own.epoch && row.ownerIncarnation === own.incarnation;
  if (row === undefined || !mine || isWorkflowFinished(row.state)) {
    throw new NotOwnerError("its rows were read, nothing");
  }
  return { row, state: asActive(row.state, row.id) };
}

/** The valid attempts, one for each task: an older one that was left beside a newer one is made invalid. */
async function readOnePerTask(database: Database, own: Ownership): ReturnType<typeof readTasks> {
  const read = await readTasks(database, own);
  if (new Set(read.tasks.map((task) => task.taskCode)).size === read.tasks.length) return read;
  await database.transaction(async (tx) => {
    await assertOwned(tx, own, "older duplicates of attempts");
    await invalidateOlderDuplicates(tx, own.workflowInstanceId, own.epoch);
  });
  return readTasks(database, own);
}

/**
 * Loads a workflow that this incarnation has just claimed; what does not depend on each other is read side by
 * side, since
 * every take-over waits for this. Throws NotOwnerError, DamagedRowError or GraphError.
 */
export async function loadRun(database: Database, own: Ownership): Promise<RunState> {
  const reading = readOnePerTask(database, own);
  // What is wrong with the workflow itself comes first, whatever is wrong with its attempts.
  reading.catch(() => undefined);
  const { row, state } = await readOwned(database, own);
  const definition = await loadDefinition(database, row);
  const { tasks, executors } = await reading;
  return {
    own,
    row,
    definition,
    state,
    tasks: new Map(tasks.map((task) => [task.taskCode, task])),
    executors: new Map(executors),
    busy: new Set(),
    killAgainAtMs: new Map(),
    resolveAgainAtMs: new Map(),
    slots: new Map(),
    timeoutsTold: new Set(),
    ended: false,
    wakeTimer: undefined,
    wakeAtMs: Number.POSITIVE_INFINITY,
  };
}
