/** SQL of the JDBC registry. One statement per operation, so that no process can stop with a transaction open. */
export const SQL = {
  /** root, client name, session time-out */
  open: /* sql */ `INSERT INTO t_ds_jdbc_registry_client_heartbeat (root, client_name, session_timeout_ms)
    VALUES ($1, $2, $3) RETURNING id::text AS id`,
  /** session: no row means that somebody ended it */
  beat: /* sql */ `UPDATE t_ds_jdbc_registry_client_heartbeat SET beat_no = beat_no + 1
    WHERE id = $1 RETURNING beat_no`,
  /** session. Its nodes and locks go with it in the same transaction (ON DELETE CASCADE). */
  close: /* sql */ `DELETE FROM t_ds_jdbc_registry_client_heartbeat WHERE id = $1`,
  /** session, beat that was seen: does nothing when it has beaten since */
  expire: /* sql */ `DELETE FROM t_ds_jdbc_registry_client_heartbeat WHERE id = $1 AND beat_no = $2`,
  /** root, own session, whether the nodes are wanted. One statement is one snapshot of everything. */
  poll: /* sql */ `SELECT
    (SELECT coalesce(json_agg(json_build_object('sessionId', id::text, 'beatNo', beat_no::text,
        'timeoutMs', session_timeout_ms)), '[]') FROM t_ds_jdbc_registry_client_heartbeat WHERE root = $1) AS beats,
    (SELECT coalesce(json_agg(json_build_object('owner', lock_owner, 'token', fencing_token::text)), '[]')
      FROM t_ds_jdbc_registry_lock WHERE client_id = $2 AND fencing_token IS NOT NULL) AS grants,
    CASE WHEN $3::boolean THEN
      (SELECT coalesce(json_agg(json_build_object('path', data_key, 'value', data_value,
          'sessionId', client_id::text, 'birth', id::text)), '[]')
        FROM t_ds_jdbc_registry_data WHERE root = $1) END AS nodes`,
  /**
   * root, path, value, type, session or null. A node that changes hands is another node: it gets a new id, so that
   * watchers see the old one go, and the end of the old session does not take it along.
   */
  put: /* sql */ `INSERT INTO t_ds_jdbc_registry_data AS old (root, data_key, data_value, data_type, client_id)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (root, data_key) DO UPDATE SET
      id = CASE WHEN old.client_id IS DISTINCT FROM excluded.client_id THEN excluded.id ELSE old.id END,
      data_value = excluded.data_value, data_type = excluded.data_type, client_id = excluded.client_id,
      last_update_time = now() AT TIME ZONE 'utc'`,
  /** root, path */
  get: /* sql */ `SELECT data_key AS path, data_value AS value, client_id::text AS "sessionId"
    FROM t_ds_jdbc_registry_data WHERE root = $1 AND data_key = $2`,
  /** root, prefix with its slash */
  below: /* sql */ `SELECT data_key AS path FROM t_ds_jdbc_registry_data WHERE root = $1 AND starts_with(data_key, $2)`,
  /** root, path, prefix with its slash */
  remove: /* sql */ `DELETE FROM t_ds_jdbc_registry_data
    WHERE root = $1 AND (data_key = $2 OR starts_with(data_key, $3))`,
  /** root, path, owner of the request, session */
  requestLock: /* sql */ `INSERT INTO t_ds_jdbc_registry_lock (root, lock_key, lock_owner, client_id)
    VALUES ($1, $2, $3, $4)`,
  /** owner of the request */
  lookAtLock: /* sql */ `SELECT fencing_token::text AS token FROM t_ds_jdbc_registry_lock WHERE lock_owner = $1`,
  /** owner of the request */
  dropLock: /* sql */ `DELETE FROM t_ds_jdbc_registry_lock WHERE lock_owner = $1 RETURNING id`,
} as const;
