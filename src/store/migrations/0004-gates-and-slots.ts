/**
 * Serial gates and task groups.
 *
 * `serial_ticket` is the place of an instance in front of the gate of its definition, in the order of arrival; null: it
 * has no business there, or is the holder since it was claimed. It is in an index and changes only when an instance
 * begins and ends to wait, so a failover still rewrites workflow rows without touching an index.
 */
export const gatesAndSlots = /* sql */ `
ALTER TABLE t_ds_workflow_instance ADD COLUMN serial_ticket bigint;
CREATE INDEX ON t_ds_workflow_instance (workflow_definition_code, serial_ticket) WHERE serial_ticket IS NOT NULL;
ALTER TABLE t_ds_serial_gate ADD COLUMN last_ticket bigint NOT NULL DEFAULT 0;
CREATE INDEX ON t_ds_command (workflow_definition_code) WHERE command_type NOT IN (2, 11);
CREATE UNIQUE INDEX ON t_ds_task_group_queue (task_id);
CREATE INDEX ON t_ds_task_group_queue (workflow_instance_id);
`;
