/**
 * Who is whose sub-workflow is asked for at every end of a workflow (its parent is told) and at every start of a child
 * (a workflow must not contain itself), so both directions have an index.
 */
export const subWorkflows = /* sql */ `
CREATE INDEX ON t_ds_relation_workflow_instance (workflow_instance_id);
CREATE INDEX ON t_ds_relation_workflow_instance (parent_workflow_instance_id);
`;
