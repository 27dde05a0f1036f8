/** States of a task instance, with the codes of the column `state` (DolphinScheduler's TaskExecutionStatus). */
export const TASK_STATE_CODES = {
  SUBMITTED_SUCCESS: 0,
  RUNNING_EXECUTION: 1,
  PAUSE: 3,
  FAILURE: 6,
  SUCCESS: 7,
  NEED_FAULT_TOLERANCE: 8,
  KILL: 9,
  DELAY_EXECUTION: 12,
  FORCED_SUCCESS: 13,
  DISPATCH: 17,
} as const;

export type TaskState = keyof typeof TASK_STATE_CODES;

/** All words, in the order of their codes. */
export const TASK_STATES = Object.keys(TASK_STATE_CODES) as readonly TaskState[];

const FINISHED: ReadonlySet<TaskState> = new Set([
  "PAUSE",
  "FAILURE",
  "SUCCESS",
  "NEED_FAULT_TOLERANCE",
  "KILL",
  "FORCED_SUCCESS",
]);

/** The attempt will not run (any more). */
export function isTaskFinished(state: TaskState): boolean {
  return FINISHED.has(state);
}

/** Codes of the states of an attempt that is not over, for SQL. */
export const UNFINISHED_TASK_CODES: readonly number[] = TASK_STATES.filter(
  (state) => !FINISHED.has(state),
).map((state) => TASK_STATE_CODES[state]);

/** It was handed to somebody who may be running it. */
export function isTaskLive(state: TaskState): boolean {
  return state === "DISPATCH" || state === "RUNNING_EXECUTION";
}

/** It waits to be handed out. */
export function isTaskWaiting(state: TaskState): boolean {
  return state === "SUBMITTED_SUCCESS" || state === "DELAY_EXECUTION";
}

/** The state of a code. Undefined for a code that does not exist (a damaged row). */
export function taskStateOfCode(code: number): TaskState | undefined {
  return TASK_STATES.find((state) => TASK_STATE_CODES[state] === code);
}
