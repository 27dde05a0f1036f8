/** Kinds of column values. */
export type ColumnKind = "number" | "text" | "time" | "boolean";

/**
 * The tables and columns that a case may name, by kind of value. The harness has its own list, since it judges the
 * scheduler's; a test compares it with all migrations.
 */
const TABLES: Readonly<Record<string, Partial<Readonly<Record<ColumnKind, string>>>>> = {
  t_ds_alert: {
    number:
      "id alert_status warning_type alertgroup_id project_code workflow_definition_code " +
      "workflow_instance_id alert_type suppressed_by",
    text: "title sign content log dedupe_key",
    boolean: "planned",
    time: "create_time update_time",
  },
  t_ds_alert_plugin_instance: {
    number: "id plugin_define_id",
    text: "plugin_instance_params instance_name",
    time: "create_time update_time",
  },
  t_ds_alert_send: {
    number: "alert_id status token plugin_instance_id",
    text: "channel log sender",
    time: "next_try create_time update_time",
  },
  t_ds_alertgroup: {
    number: "id",
    text: "group_name alert_instance_ids description",
    time: "create_time update_time",
  },
  t_ds_command: {
    number:
      "id command_type workflow_definition_code task_depend_type failure_strategy warning_type " +
      "warning_group_id executor_id workflow_instance_priority environment_code dry_run " +
      "workflow_instance_id workflow_definition_version test_flag",
    text: "command_param worker_group tenant_code request_id",
    time: "schedule_time start_time update_time",
  },
  t_ds_environment: {
    number: "id code",
    text: "name config description",
    time: "create_time update_time",
  },
  t_ds_error_command: {
    number:
      "id command_type workflow_definition_code task_depend_type failure_strategy warning_type " +
      "warning_group_id executor_id workflow_instance_priority environment_code dry_run " +
      "workflow_instance_id workflow_definition_version test_flag",
    text: "command_param worker_group tenant_code request_id message",
    time: "schedule_time start_time update_time",
  },
  t_ds_failover: {
    number: "token cursor_id workflows tasks",
    text: "incarnation kind address phase rescuer",
    time: "create_time update_time",
    boolean: "marked",
  },
  t_ds_failover_audit: {
    number: "id token workflow_instance_id task_instance_id from_state to_state epoch",
    text: "step by_incarnation incarnation why",
    time: "create_time",
  },
  t_ds_operator_request: {
    number: "workflow_instance_id",
    text: "request_id request_hash refusal",
    time: "create_time",
  },
  t_ds_plugin_define: {
    number: "id",
    text: "plugin_name plugin_type plugin_params",
    time: "create_time update_time",
  },
  t_ds_project: {
    number: "id code user_id flag",
    text: "name description",
    time: "create_time update_time",
  },
  t_ds_relation_workflow_instance: {
    number: "id parent_workflow_instance_id parent_task_instance_id workflow_instance_id",
  },
  t_ds_serial_gate: {
    number: "workflow_definition_code holder last_ticket",
  },
  t_ds_server: {
    number: "session_no",
    text: "incarnation kind address state",
    time: "startup_time create_time update_time",
  },
  t_ds_task_definition: {
    number:
      "id code version project_code user_id task_execute_type flag is_cache task_priority " +
      "environment_code fail_retry_times fail_retry_interval timeout_flag timeout_notify_strategy " +
      "timeout delay_time task_group_id task_group_priority cpu_quota memory_max fail_retry_interval_ms " +
      "delay_time_ms timeout_ms",
    text: "name description task_type task_params worker_group resource_ids",
    time: "create_time update_time",
  },
  t_ds_task_definition_log: {
    number:
      "id code version project_code user_id task_execute_type flag is_cache task_priority " +
      "environment_code fail_retry_times fail_retry_interval timeout_flag timeout_notify_strategy " +
      "timeout delay_time task_group_id task_group_priority cpu_quota memory_max fail_retry_interval_ms " +
      "delay_time_ms timeout_ms operator",
    text: "name description task_type task_params worker_group resource_ids",
    time: "create_time update_time operate_time",
  },
  t_ds_task_group: {
    number: "id group_size project_code use_size user_id status",
    text: "name description",
    time: "create_time update_time",
  },
  t_ds_task_group_queue: {
    number: "id task_id group_id workflow_instance_id priority status force_start in_queue",
    text: "task_name",
    time: "create_time update_time",
  },
  t_ds_task_instance: {
    number:
      "id task_execute_type task_code task_definition_version workflow_instance_id project_code state " +
      "alert_flag retry_times pid flag is_cache retry_interval max_retry_times task_instance_priority " +
      "environment_code executor_id delay_time task_group_id dry_run cpu_quota memory_max test_flag " +
      "dispatch_no written_epoch sub_workflow_instance_id",
    text:
      "name task_type workflow_instance_name host execute_path log_path app_link task_params cache_key " +
      "worker_group environment_config executor_name var_pool worker_incarnation kill_reason",
    time: "submit_time start_time end_time first_submit_time",
  },
  t_ds_task_report: {
    number: "task_instance_id dispatch_no seq",
    text: "kind payload",
    time: "create_time",
    boolean: "applied",
  },
  t_ds_worker_group: {
    number: "id",
    text: "name addr_list description other_params_json",
    time: "create_time update_time",
  },
  t_ds_workflow_definition: {
    number:
      "id code version project_code release_state user_id warning_group_id flag timeout execution_type " +
      "timeout_ms timeout_notify_strategy",
    text: "name description global_params locations",
    time: "create_time update_time",
  },
  t_ds_workflow_definition_log: {
    number:
      "id code version project_code release_state user_id warning_group_id flag timeout execution_type " +
      "timeout_ms timeout_notify_strategy operator",
    text: "name description global_params locations",
    time: "create_time update_time operate_time",
  },
  t_ds_workflow_instance: {
    number:
      "id workflow_definition_code workflow_definition_version project_code state recovery run_times " +
      "command_type task_depend_type max_try_times failure_strategy warning_type warning_group_id flag " +
      "is_sub_workflow executor_id workflow_instance_priority environment_code timeout dry_run " +
      "next_workflow_instance_id test_flag owner_epoch pre_failover_state serial_ticket",
    text:
      "name state_history host command_param global_params workflow_instance_json executor_name " +
      "history_cmd dependence_schedule_times worker_group tenant_code var_pool owner_incarnation",
    time: "start_time end_time schedule_time command_start_time update_time restart_time run_started_time",
  },
  t_ds_workflow_intent: {
    number: "id workflow_instance_id epoch",
    text: "kind request_id outcome",
    time: "create_time update_time",
  },
  t_ds_workflow_task_relation: {
    number:
      "id project_code workflow_definition_code workflow_definition_version pre_task_code " +
      "pre_task_version post_task_code post_task_version condition_type",
    text: "name condition_params",
    time: "create_time update_time",
  },
  t_ds_workflow_task_relation_log: {
    number:
      "id project_code workflow_definition_code workflow_definition_version pre_task_code " +
      "pre_task_version post_task_code post_task_version condition_type operator",
    text: "name condition_params",
    time: "create_time update_time operate_time",
  },
};

const catalogue: ReadonlyMap<string, ReadonlyMap<string, ColumnKind>> = new Map(
  Object.entries(TABLES).map(([table, kinds]) => [table, new Map(columnsByKind(kinds))]),
);

function columnsByKind(kinds: Partial<Readonly<Record<ColumnKind, string>>>): [string, ColumnKind][] {
  return (Object.keys(kinds) as ColumnKind[]).flatMap((kind) =>
    (kinds[kind] ?? "").split(" ").map((column): [string, ColumnKind] => [column, kind]),
  );
}

/** Names of all tables. */
export const TABLE_NAMES: readonly string[] = [...catalogue.keys()];

/** Columns of a table with the kind of their values. Undefined for a table that does not exist. */
export function columnsOf(table: string): ReadonlyMap<string, ColumnKind> | undefined {
  return catalogue.get(table);
}
