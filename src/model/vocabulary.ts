/** Kinds of a command, with the codes of the column `command_type`. */
export const COMMAND_TYPE_CODES = {
  START_PROCESS: 0,
  START_CURRENT_TASK_PROCESS: 1,
  RECOVER_TOLERANCE_FAULT_PROCESS: 2,
  RECOVER_SUSPENDED_PROCESS: 3,
  START_FAILURE_TASK_PROCESS: 4,
  COMPLEMENT_DATA: 5,
  SCHEDULER: 6,
  REPEAT_RUNNING: 7,
  PAUSE: 8,
  STOP: 9,
  RECOVER_SERIAL_WAIT: 11,
  EXECUTE_TASK: 12,
  DYNAMIC_GENERATION: 13,
} as const;
export type CommandType = keyof typeof COMMAND_TYPE_CODES;

/** Which nodes of the graph a start runs: column `task_depend_type`. */
export const TASK_DEPEND_TYPE_CODES = { TASK_ONLY: 0, TASK_PRE: 1, TASK_POST: 2 } as const;
export type TaskDependType = keyof typeof TASK_DEPEND_TYPE_CODES;

/** Column `failure_strategy`. */
export const FAILURE_STRATEGY_CODES = { END: 0, CONTINUE: 1 } as const;
export type FailureStrategy = keyof typeof FAILURE_STRATEGY_CODES;

/** Columns `…_priority`: the smaller the sooner. */
export const PRIORITY_CODES = { HIGHEST: 0, HIGH: 1, MEDIUM: 2, LOW: 3, LOWEST: 4 } as const;
export type Priority = keyof typeof PRIORITY_CODES;

/** Column `execution_type`: what a second instance of a workflow does beside a first one. */
export const EXECUTION_TYPE_CODES = {
  PARALLEL: 0,
  SERIAL_WAIT: 1,
  SERIAL_DISCARD: 2,
  SERIAL_PRIORITY: 3,
} as const;
export type ExecutionType = keyof typeof EXECUTION_TYPE_CODES;

/** Column `timeout_notify_strategy`. */
export const TIMEOUT_STRATEGY_CODES = { WARN: 0, FAILED: 1, WARNFAILED: 2 } as const;
export type TimeoutStrategy = keyof typeof TIMEOUT_STRATEGY_CODES;

/** Columns `flag`: YES is the valid attempt. */
export const FLAG_CODES = { NO: 0, YES: 1 } as const;
export type Flag = keyof typeof FLAG_CODES;

/** Columns `warning_type`: of a workflow, which of its ends are told; of an alert, SUCCESS or FAILURE. */
export const WARNING_TYPE_CODES = { NONE: 0, SUCCESS: 1, FAILURE: 2, ALL: 3 } as const;
export type WarningType = keyof typeof WARNING_TYPE_CODES;

/** Column `alert_status`. */
export const ALERT_STATUS_CODES = {
  WAIT_EXECUTION: 0,
  EXECUTION_SUCCESS: 1,
  EXECUTION_FAILURE: 2,
  EXECUTION_PARTIAL_SUCCESS: 3,
} as const;
export type AlertStatus = keyof typeof ALERT_STATUS_CODES;

/** Column `alert_type`. */
export const ALERT_TYPE_CODES = {
  PROCESS_INSTANCE_FAILURE: 0,
  PROCESS_INSTANCE_SUCCESS: 1,
  PROCESS_INSTANCE_BLOCKED: 2,
  PROCESS_INSTANCE_TIMEOUT: 3,
  FAULT_TOLERANCE_WARNING: 4,
  TASK_FAILURE: 5,
  TASK_SUCCESS: 6,
  TASK_TIMEOUT: 7,
  CLOSE_ALERT: 8,
} as const;
export type AlertType = keyof typeof ALERT_TYPE_CODES;

/** Column `state` of t_ds_server: the life of an incarnation as the database knows it. */
export const SERVER_STATES = ["JOINING", "ALIVE", "FENCED", "LEFT"] as const;
export type ServerState = (typeof SERVER_STATES)[number];

/** Kinds of node; also the folder of its registry nodes and the prefix of its name in a case. */
export const NODE_KINDS = ["master", "worker", "alert-server"] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** The word of a code in one of the tables above, or undefined. */
export function wordOfCode<W extends string>(
  table: Readonly<Record<W, number>>,
  code: number,
): W | undefined {
  return (Object.keys(table) as W[]).find((word) => table[word] === code);
}
