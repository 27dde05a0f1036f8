import { isTaskLive, isTaskWaiting, type TaskView, type WorkflowView } from "../model/index.ts";
import type { TaskDefinitionRow, TaskRow } from "../store/index.ts";
import { slotOfTask } from "./hold-slots.ts";
import { branchingOf } from "./logic/branching.ts";
import type { RunState } from "./run-state.ts";

/** Logic tasks run on masters; everything else goes to a worker. */
const LOGIC_TASK_TYPES: ReadonlySet<string> = new Set([
  "LogicFakeTask",
  "SUB_WORKFLOW",
  "CONDITIONS",
  "SWITCH",
  "DEPENDENT",
  "DYNAMIC",
]);

export function isLogicTask(taskType: string): boolean {
  return LOGIC_TASK_TYPES.has(taskType);
}

/**
 * The instant `intervalMs` after `fromMs`. An instant that is not there, or lies further ahead than the interval is
 * long, comes from a damaged row or a clock that was set: it is due at once, since this is asked again and again,
 * and an answer that moves along with the present never comes true.
 */
function dueAt(fromMs: number | null, intervalMs: number, nowMs: number): number {
  return fromMs === null || fromMs > nowMs + intervalMs ? nowMs : fromMs + intervalMs;
}

function viewTask(
  run: RunState,
  task: TaskRow,
  definition: TaskDefinitionRow | undefined,
  nowMs: number,
): TaskView {
  return {
    id: task.id,
    state: task.state,
    retriesLeft: task.retryTimes < task.maxRetryTimes,
    retryAtMs: dueAt(task.endTime, definition?.retryIntervalMs ?? 0, nowMs),
    // A retry is not delayed a second time: the delay counts from the first submission.
    delayedUntilMs: dueAt(task.firstSubmitTime, definition?.delayMs ?? 0, nowMs),
    executor: isTaskLive(task.state) ? (run.executors.get(task.id) ?? "unresolved") : "confirmed",
    busy: run.busy.has(task.id),
    slot: slotOfTask(run, task),
    killWanted: task.killReason !== null,
    holdsChild: isTaskWaiting(task.state) && task.childId !== null,
  };
}

/** What the plan is made from. */
export function viewRun(run: RunState, nowMs: number): WorkflowView {
  const tasks = new Map(
    [...run.tasks].map(([code, task]) => [code, viewTask(run, task, run.definition.tasks.get(code), nowMs)]),
  );
  const branching = branchingOf(run);
  const view = { state: run.state, graph: run.definition.graph, tasks, nowMs };
  return branching === undefined ? view : { ...view, branching };
}
