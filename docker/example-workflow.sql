-- A workflow of two tasks, one after the other: `slow` sleeps for 30 seconds, `after` says so.
INSERT INTO t_ds_task_definition (code, name, task_type, task_params) VALUES
  (1001, 'slow', 'SHELL', '{"rawScript": "echo begun on $FAILOVER_NODE; sleep 30; echo done"}'),
  (1002, 'after', 'SHELL', '{"rawScript": "echo after"}');
INSERT INTO t_ds_workflow_definition (code, name, project_code, release_state) VALUES (1000, 'example', 1, 1);
INSERT INTO t_ds_workflow_task_relation
  (workflow_definition_code, workflow_definition_version, pre_task_code, post_task_code, post_task_version)
  VALUES (1000, 1, 0, 1001, 1), (1000, 1, 1001, 1002, 1);
