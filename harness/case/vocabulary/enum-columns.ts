import {
  ALERT_STATUS_CODES,
  ALERT_TYPE_CODES,
  COMMAND_TYPE_CODES,
  EXECUTION_TYPE_CODES,
  FAILURE_STRATEGY_CODES,
  FLAG_CODES,
  PRIORITY_CODES,
  TASK_DEPEND_TYPE_CODES,
  TASK_STATE_CODES,
  TIMEOUT_STRATEGY_CODES,
  WARNING_TYPE_CODES,
  WORKFLOW_STATE_CODES,
} from "../../../src/model/index.ts";

type Codes = Readonly<Record<string, number>>;

/** Words of columns that the scheduler itself has no use for: fixtures of DolphinScheduler's tests name them. */
const RELEASE_STATE_CODES = { OFFLINE: 0, ONLINE: 1 };
const EXECUTE_TYPE_CODES = { BATCH: 0, STREAM: 1 };
const CONDITION_TYPE_CODES = { NONE: 0, JUDGE: 1, DELAY: 2 };
const TIMEOUT_FLAG_CODES = { CLOSE: 0, OPEN: 1 };

/** Columns that hold codes, whatever their table. */
const BY_COLUMN: Readonly<Record<string, Codes>> = {
  alert_status: ALERT_STATUS_CODES,
  alert_type: ALERT_TYPE_CODES,
  command_type: COMMAND_TYPE_CODES,
  execution_type: EXECUTION_TYPE_CODES,
  failure_strategy: FAILURE_STRATEGY_CODES,
  flag: FLAG_CODES,
  is_cache: FLAG_CODES,
  is_sub_workflow: FLAG_CODES,
  recovery: FLAG_CODES,
  workflow_instance_priority: PRIORITY_CODES,
  task_instance_priority: PRIORITY_CODES,
  task_priority: PRIORITY_CODES,
  task_depend_type: TASK_DEPEND_TYPE_CODES,
  timeout_notify_strategy: TIMEOUT_STRATEGY_CODES,
  timeout_flag: TIMEOUT_FLAG_CODES,
  warning_type: WARNING_TYPE_CODES,
  release_state: RELEASE_STATE_CODES,
  task_execute_type: EXECUTE_TYPE_CODES,
  condition_type: CONDITION_TYPE_CODES,
};

const BY_TABLE: Readonly<Record<string, Codes>> = {
  "t_ds_workflow_instance.state": WORKFLOW_STATE_CODES,
  "t_ds_workflow_instance.pre_failover_state": WORKFLOW_STATE_CODES,
  "t_ds_task_instance.state": TASK_STATE_CODES,
  "t_ds_failover_audit.from_state": { ...TASK_STATE_CODES, ...WORKFLOW_STATE_CODES },
  "t_ds_failover_audit.to_state": { ...TASK_STATE_CODES, ...WORKFLOW_STATE_CODES },
};

/** The words of a column that holds codes, with their codes. Undefined for any other column. */
export function codesOfColumn(table: string, column: string): Codes | undefined {
  const own = `${table}.${column}`;
  if (Object.hasOwn(BY_TABLE, own)) return BY_TABLE[own];
  return Object.hasOwn(BY_COLUMN, column) ? BY_COLUMN[column] : undefined;
}
