/**
 * What operators' requests and time-outs need.
 *
 * `run_started_time`: when the present run of a workflow began (its start, repeat or recovery). A failover moves
 * `restart_time`, as the newer DolphinScheduler does, and must not give a workflow its time-out anew.
 * `timeout_notify_strategy` of a workflow: DolphinScheduler has it for tasks only; null is WARN, its behaviour.
 * `request_hash`: what was asked under a request id, so that the id cannot be used for another request by mistake.
 */
export const control = /* sql */ `
ALTER TABLE t_ds_workflow_instance ADD COLUMN run_started_time timestamp;
ALTER TABLE t_ds_workflow_definition ADD COLUMN timeout_notify_strategy int;
ALTER TABLE t_ds_workflow_definition_log ADD COLUMN timeout_notify_strategy int;
ALTER TABLE t_ds_operator_request ADD COLUMN request_hash varchar(64);
`;
