/**
 * DolphinScheduler's tables (its names, its columns, PostgreSQL flavour) plus the columns and tables of our ownership
 * protocol. Ours are marked; docs/architecture.md says what each is for. Timestamps are UTC.
 *
 * fillfactor 50 on the workflow table: a failover rewrites many rows at once, and with room on the page Postgres does
 * it without touching an index (measured: 1.7 times faster). `state` is therefore in no index.
 */
export const initial = /* sql */ `
CREATE TABLE t_ds_workflow_definition (
  id serial PRIMARY KEY, code bigint NOT NULL, name varchar(255), version int NOT NULL DEFAULT 1, description text,
  project_code bigint, release_state int, user_id int, global_params text, locations text, warning_group_id int,
  flag int DEFAULT 1, timeout int DEFAULT 0, execution_type int DEFAULT 0, create_time timestamp, update_time timestamp,
  timeout_ms bigint,
  UNIQUE (name, project_code), UNIQUE (code, version)
);
CREATE TABLE t_ds_workflow_definition_log (
  LIKE t_ds_workflow_definition INCLUDING DEFAULTS, operator int, operate_time timestamp
);
CREATE TABLE t_ds_task_definition (
  id serial PRIMARY KEY, code bigint NOT NULL, name varchar(255), version int NOT NULL DEFAULT 1, description text,
  project_code bigint, user_id int, task_type varchar(50) NOT NULL, task_execute_type int DEFAULT 0, task_params text,
  flag int DEFAULT 1, is_cache int DEFAULT 0, task_priority int DEFAULT 2, worker_group varchar(255) DEFAULT 'default',
  environment_code bigint DEFAULT -1, fail_retry_times int DEFAULT 0, fail_retry_interval int DEFAULT 0,
  timeout_flag int DEFAULT 0, timeout_notify_strategy int, timeout int DEFAULT 0, delay_time int DEFAULT 0,
  task_group_id int, task_group_priority int DEFAULT 0, resource_ids text, cpu_quota int DEFAULT -1,
  memory_max int DEFAULT -1, create_time timestamp, update_time timestamp,
  -- Ours: the minutes of fail_retry_interval, delay_time and timeout, exact. Null: the minutes count.
  fail_retry_interval_ms bigint, delay_time_ms bigint, timeout_ms bigint,
  UNIQUE (code, version)
);
CREATE TABLE t_ds_task_definition_log (
  LIKE t_ds_task_definition INCLUDING DEFAULTS, operator int, operate_time timestamp
);
CREATE TABLE t_ds_workflow_task_relation (
  id serial PRIMARY KEY, name varchar(255), project_code bigint, workflow_definition_code bigint,
  workflow_definition_version int, pre_task_code bigint, pre_task_version int DEFAULT 0, post_task_code bigint,
  post_task_version int DEFAULT 0, condition_type int, condition_params text, create_time timestamp,
  update_time timestamp
);
CREATE INDEX ON t_ds_workflow_task_relation (workflow_definition_code, workflow_definition_version);
CREATE TABLE t_ds_workflow_task_relation_log (
  LIKE t_ds_workflow_task_relation INCLUDING DEFAULTS, operator int, operate_time timestamp
);

CREATE TABLE t_ds_workflow_instance (
  id serial PRIMARY KEY, name varchar(255), workflow_definition_code bigint,
  workflow_definition_version int NOT NULL DEFAULT 1, project_code bigint, state int, state_history text, recovery int,
  start_time timestamp, end_time timestamp, run_times int, host varchar(135), command_type int, command_param text,
  task_depend_type int, max_try_times int DEFAULT 0, failure_strategy int DEFAULT 0, warning_type int DEFAULT 0,
  warning_group_id int, schedule_time timestamp, command_start_time timestamp, global_params text,
  workflow_instance_json text, flag int DEFAULT 1, update_time timestamp, is_sub_workflow int DEFAULT 0,
  executor_id int NOT NULL DEFAULT 1, executor_name varchar(64), history_cmd text, dependence_schedule_times text,
  workflow_instance_priority int DEFAULT 2, worker_group varchar(255), environment_code bigint DEFAULT -1,
  timeout int DEFAULT 0, tenant_code varchar(64) DEFAULT 'default', var_pool text, dry_run int DEFAULT 0,
  next_workflow_instance_id int DEFAULT 0, restart_time timestamp, test_flag int,
  -- Ours: who owns it, the number of changes of owner, and the state that a failover found.
  owner_incarnation uuid, owner_epoch bigint NOT NULL DEFAULT 0, pre_failover_state int
) WITH (fillfactor = 50);
CREATE INDEX ON t_ds_workflow_instance (workflow_definition_code, id);
CREATE INDEX ON t_ds_workflow_instance (start_time, end_time);

CREATE TABLE t_ds_task_instance (
  id serial PRIMARY KEY, name varchar(255), task_type varchar(50), task_execute_type int DEFAULT 0,
  task_code bigint NOT NULL, task_definition_version int NOT NULL DEFAULT 1, workflow_instance_id int,
  workflow_instance_name varchar(255), project_code bigint, state int, submit_time timestamp, start_time timestamp,
  end_time timestamp, host varchar(135), execute_path varchar(200), log_path text, alert_flag int,
  retry_times int DEFAULT 0, pid int, app_link text, task_params text, flag int DEFAULT 1, is_cache int DEFAULT 0,
  cache_key varchar(200), retry_interval int, max_retry_times int, task_instance_priority int,
  worker_group varchar(255), environment_code bigint DEFAULT -1, environment_config text, executor_id int,
  executor_name varchar(64), first_submit_time timestamp, delay_time int DEFAULT 0, task_group_id int, var_pool text,
  dry_run int DEFAULT 0, cpu_quota int NOT NULL DEFAULT -1, memory_max int NOT NULL DEFAULT -1, test_flag int,
  -- Ours: the process life it was handed to, the number of times it was handed out, the epoch of the last write, why it
  -- is being killed, and the child of a SUB_WORKFLOW task.
  worker_incarnation uuid, dispatch_no int NOT NULL DEFAULT 0, written_epoch bigint NOT NULL DEFAULT 0,
  kill_reason varchar(64), sub_workflow_instance_id int
) WITH (fillfactor = 70);
CREATE INDEX ON t_ds_task_instance (workflow_instance_id);
CREATE INDEX ON t_ds_task_instance (worker_incarnation) WHERE worker_incarnation IS NOT NULL;

CREATE TABLE t_ds_command (
  id serial PRIMARY KEY, command_type int, workflow_definition_code bigint NOT NULL, command_param text,
  task_depend_type int, failure_strategy int DEFAULT 0, warning_type int DEFAULT 0, warning_group_id int,
  schedule_time timestamp, start_time timestamp, executor_id int, update_time timestamp,
  workflow_instance_priority int DEFAULT 2, worker_group varchar(255), tenant_code varchar(64) DEFAULT 'default',
  environment_code bigint DEFAULT -1, dry_run int DEFAULT 0, workflow_instance_id int DEFAULT 0,
  workflow_definition_version int DEFAULT 0, test_flag int,
  -- Ours: the operator's request that it came from; the same request makes one command.
  request_id varchar(64)
);
CREATE INDEX ON t_ds_command (workflow_instance_priority, id);
CREATE UNIQUE INDEX ON t_ds_command (workflow_instance_id) WHERE workflow_instance_id > 0;
CREATE UNIQUE INDEX ON t_ds_command (request_id) WHERE request_id IS NOT NULL;
CREATE TABLE t_ds_error_command (
  id int PRIMARY KEY, command_type int, workflow_definition_code bigint, command_param text, task_depend_type int,
  failure_strategy int, warning_type int, warning_group_id int, schedule_time timestamp, start_time timestamp,
  executor_id int, update_time timestamp, workflow_instance_priority int, worker_group varchar(255),
  tenant_code varchar(64), environment_code bigint, dry_run int, workflow_instance_id int,
  workflow_definition_version int, test_flag int, request_id varchar(64), message text
);

CREATE TABLE t_ds_alert (
  id serial PRIMARY KEY, title varchar(512), sign varchar(40) NOT NULL DEFAULT '', content text,
  alert_status int DEFAULT 0, warning_type int DEFAULT 2, log text, alertgroup_id int, create_time timestamp,
  update_time timestamp, project_code bigint, workflow_definition_code bigint, workflow_instance_id int, alert_type int,
  -- Ours: one alert per cause, whoever stores it and how often.
  dedupe_key varchar(255) UNIQUE
);
CREATE TABLE t_ds_alert_send (
  alert_id int NOT NULL, channel varchar(255) NOT NULL, status int NOT NULL DEFAULT 0, token int NOT NULL DEFAULT 0,
  next_try timestamp, log text, PRIMARY KEY (alert_id, channel)
);
CREATE TABLE t_ds_alertgroup (
  id serial PRIMARY KEY, group_name varchar(255) UNIQUE, alert_instance_ids varchar(255), description varchar(255),
  create_time timestamp, update_time timestamp
);
CREATE TABLE t_ds_alert_plugin_instance (
  id serial PRIMARY KEY, plugin_define_id int, plugin_instance_params text, instance_name varchar(200),
  create_time timestamp, update_time timestamp
);

CREATE TABLE t_ds_relation_workflow_instance (
  id serial PRIMARY KEY, parent_workflow_instance_id int, parent_task_instance_id int, workflow_instance_id int
);
CREATE TABLE t_ds_worker_group (
  id serial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE, addr_list text, create_time timestamp,
  update_time timestamp, description text, other_params_json text
);
CREATE TABLE t_ds_task_group (
  id serial PRIMARY KEY, name varchar(255), description varchar(255), group_size int NOT NULL, project_code bigint,
  use_size int DEFAULT 0, user_id int, status int DEFAULT 1, create_time timestamp, update_time timestamp
);
CREATE TABLE t_ds_task_group_queue (
  id serial PRIMARY KEY, task_id int, task_name varchar(255), group_id int, workflow_instance_id int,
  priority int DEFAULT 0, status int DEFAULT -1, force_start int DEFAULT 0, in_queue int DEFAULT 0,
  create_time timestamp, update_time timestamp, UNIQUE (group_id, task_id)
);
CREATE TABLE t_ds_environment (
  id serial PRIMARY KEY, code bigint UNIQUE, name varchar(255) UNIQUE, config text, description text,
  create_time timestamp, update_time timestamp
);
CREATE TABLE t_ds_project (
  id serial PRIMARY KEY, name varchar(255), code bigint NOT NULL UNIQUE, description varchar(255), user_id int,
  flag int DEFAULT 1, create_time timestamp, update_time timestamp
);

-- Ours, all of the following: see docs/architecture.md, "Ownership".
CREATE TABLE t_ds_server (
  incarnation uuid PRIMARY KEY, kind varchar(16) NOT NULL, address varchar(135) NOT NULL,
  session_no bigint NOT NULL DEFAULT 0,
  state varchar(16) NOT NULL CHECK (state IN ('JOINING', 'ALIVE', 'FENCED', 'LEFT')),
  startup_time timestamp, create_time timestamp, update_time timestamp
);
CREATE TABLE t_ds_failover (
  incarnation uuid PRIMARY KEY, kind varchar(16) NOT NULL, address varchar(135) NOT NULL,
  phase varchar(16) NOT NULL CHECK (phase IN ('FENCED', 'DONE')), rescuer uuid NOT NULL,
  token bigint NOT NULL DEFAULT 1, cursor_id int NOT NULL DEFAULT 0, workflows int NOT NULL DEFAULT 0,
  tasks int NOT NULL DEFAULT 0, marked boolean NOT NULL DEFAULT false, create_time timestamp, update_time timestamp
);
CREATE TABLE t_ds_workflow_intent (
  id serial PRIMARY KEY, workflow_instance_id int NOT NULL,
  kind varchar(8) NOT NULL CHECK (kind IN ('STOP', 'PAUSE')), request_id varchar(64) NOT NULL UNIQUE,
  -- OPEN, APPLIED or MOOT.
  outcome varchar(16) NOT NULL DEFAULT 'OPEN', epoch bigint, create_time timestamp, update_time timestamp
);
CREATE INDEX ON t_ds_workflow_intent (workflow_instance_id) WHERE outcome = 'OPEN';
CREATE TABLE t_ds_task_report (
  task_instance_id int NOT NULL, dispatch_no int NOT NULL, seq int NOT NULL, kind varchar(16) NOT NULL,
  payload text NOT NULL, applied boolean NOT NULL DEFAULT false, create_time timestamp,
  PRIMARY KEY (task_instance_id, dispatch_no, seq)
);
CREATE TABLE t_ds_serial_gate (workflow_definition_code bigint PRIMARY KEY, holder int);
CREATE TABLE t_ds_failover_audit (
  id serial PRIMARY KEY, step varchar(32) NOT NULL, by_incarnation uuid, token bigint, incarnation uuid,
  workflow_instance_id int, task_instance_id int, from_state int, to_state int, epoch bigint, why text,
  create_time timestamp
);
`;
