/** States of a workflow instance, with the codes of the column `state` (DolphinScheduler's WorkflowExecutionStatus). */
export const WORKFLOW_STATE_CODES = {
  SUBMITTED_SUCCESS: 0,
  RUNNING_EXECUTION: 1,
  READY_PAUSE: 2,
  PAUSE: 3,
  READY_STOP: 4,
  STOP: 5,
  FAILURE: 6,
  SUCCESS: 7,
  SERIAL_WAIT: 14,
  WAIT_TO_RUN: 17,
  FAILOVER: 18,
} as const;

export type WorkflowState = keyof typeof WORKFLOW_STATE_CODES;

/** All words, in the order of their codes. */
export const WORKFLOW_STATES = Object.keys(WORKFLOW_STATE_CODES) as readonly WorkflowState[];

const FINISHED: ReadonlySet<WorkflowState> = new Set(["PAUSE", "STOP", "FAILURE", "SUCCESS"]);
const NEEDS_FAILOVER: ReadonlySet<WorkflowState> = new Set([
  "RUNNING_EXECUTION",
  "READY_PAUSE",
  "READY_STOP",
]);

/** Nothing of it runs any more and its end time is set. */
export function isWorkflowFinished(state: WorkflowState): boolean {
  return FINISHED.has(state);
}

/** An owner must be working on it: when its owner dies somebody else has to take it. */
export function needsFailover(state: WorkflowState): boolean {
  return NEEDS_FAILOVER.has(state);
}

/** Codes of the finished states, for SQL. */
export const FINISHED_WORKFLOW_CODES: readonly number[] = [...FINISHED].map(
  (state) => WORKFLOW_STATE_CODES[state],
);

/** Codes of the states that need an owner, for SQL. */
export const OWNED_WORKFLOW_CODES: readonly number[] = [...NEEDS_FAILOVER].map(
  (state) => WORKFLOW_STATE_CODES[state],
);

/** The state of a code. Undefined for a code that does not exist (a damaged row). */
export function workflowStateOfCode(code: number): WorkflowState | undefined {
  return WORKFLOW_STATES.find((state) => WORKFLOW_STATE_CODES[state] === code);
}
