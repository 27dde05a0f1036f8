/**
 * What alerts need beside DolphinScheduler's own tables: its table of channel plugins, and what a sender has to know to
 * send each alert to each channel at least once, and equal ones once in a while.
 *
 * The plugins have fixed ids, so that rows of plugin instances can be written before any alert server has ever run;
 * plugins that somebody adds get the ids after 100.
 */
export const alerts = /* sql */ `
CREATE TABLE t_ds_plugin_define (
  id serial PRIMARY KEY, plugin_name varchar(255) NOT NULL, plugin_type varchar(63) NOT NULL, plugin_params text,
  create_time timestamp, update_time timestamp, UNIQUE (plugin_name, plugin_type)
);
INSERT INTO t_ds_plugin_define (id, plugin_name, plugin_type) VALUES
  (1, 'Email', 'alert'), (2, 'DingTalk', 'alert'), (3, 'Feishu', 'alert'), (4, 'Slack', 'alert'),
  (5, 'Http', 'alert'), (6, 'Script', 'alert');
ALTER SEQUENCE t_ds_plugin_define_id_seq RESTART WITH 101;

ALTER TABLE t_ds_alert
  -- Ours: its rows of t_ds_alert_send were made (or it was found that there are none to make).
  ADD COLUMN planned boolean NOT NULL DEFAULT false,
  -- Ours: the equal alert inside the window that was sent instead of this one.
  ADD COLUMN suppressed_by int;
CREATE INDEX ON t_ds_alert (id) WHERE alert_status = 0 AND NOT planned;
CREATE INDEX ON t_ds_alert (sign, create_time);

ALTER TABLE t_ds_alert_send
  ADD COLUMN plugin_instance_id int,
  -- The life that is at it; null between two tries.
  ADD COLUMN sender uuid,
  ADD COLUMN create_time timestamp, ADD COLUMN update_time timestamp;
CREATE INDEX ON t_ds_alert_send (next_try) WHERE status = 0;
`;
