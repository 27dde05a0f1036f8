/**
 * DolphinScheduler's registry tables (its names), with what it takes to judge life without anybody's wall clock: a beat
 * counter instead of a time, the session's time-out, the root of the cluster, and fencing tokens.
 *
 * The triggers do what must not be forgotten by any writer, whoever deletes a row and why: they notify, and they hand a
 * lock that became free to the first who waits, in the transaction that freed it. So no waiter ever tries on its own.
 *
 * Notifications on channel t_ds_jdbc_registry: `data <root>` when a node changed, `lock <lock_owner>` when that request
 * got its lock.
 */
export const JDBC_REGISTRY_CHANNEL = "t_ds_jdbc_registry";

export const JDBC_REGISTRY_SCHEMA = /* sql */ `
CREATE TABLE IF NOT EXISTS t_ds_jdbc_registry_client_heartbeat (
  id bigserial PRIMARY KEY, root varchar(255) NOT NULL, client_name varchar(255) NOT NULL,
  beat_no bigint NOT NULL DEFAULT 0, session_timeout_ms int NOT NULL,
  create_time timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc')
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS t_ds_jdbc_registry_client_root ON t_ds_jdbc_registry_client_heartbeat (root);

CREATE TABLE IF NOT EXISTS t_ds_jdbc_registry_data (
  id bigserial PRIMARY KEY, root varchar(255) NOT NULL, data_key text NOT NULL, data_value text NOT NULL,
  data_type varchar(16) NOT NULL CHECK (data_type IN ('EPHEMERAL', 'PERSISTENT')),
  client_id bigint REFERENCES t_ds_jdbc_registry_client_heartbeat (id) ON DELETE CASCADE,
  create_time timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc'), last_update_time timestamp,
  CHECK ((data_type = 'EPHEMERAL') = (client_id IS NOT NULL)),
  UNIQUE (root, data_key)
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS t_ds_jdbc_registry_data_client ON t_ds_jdbc_registry_data (client_id);

-- A row per request, in the order of their ids; the one with a fencing token holds the lock.
CREATE TABLE IF NOT EXISTS t_ds_jdbc_registry_lock (
  id bigserial PRIMARY KEY, root varchar(255) NOT NULL, lock_key text NOT NULL,
  lock_owner varchar(64) NOT NULL UNIQUE,
  client_id bigint NOT NULL REFERENCES t_ds_jdbc_registry_client_heartbeat (id) ON DELETE CASCADE,
  fencing_token bigint, create_time timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc')
);
CREATE UNIQUE INDEX IF NOT EXISTS t_ds_jdbc_registry_lock_holder
  ON t_ds_jdbc_registry_lock (root, lock_key) WHERE fencing_token IS NOT NULL;
CREATE INDEX IF NOT EXISTS t_ds_jdbc_registry_lock_queue ON t_ds_jdbc_registry_lock (root, lock_key, id);
CREATE INDEX IF NOT EXISTS t_ds_jdbc_registry_lock_client ON t_ds_jdbc_registry_lock (client_id);
CREATE SEQUENCE IF NOT EXISTS t_ds_jdbc_registry_fencing_token;

CREATE OR REPLACE FUNCTION t_ds_jdbc_registry_data_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('${JDBC_REGISTRY_CHANNEL}', 'data ' || coalesce(NEW.root, OLD.root));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER t_ds_jdbc_registry_data_changed
  AFTER INSERT OR UPDATE OR DELETE ON t_ds_jdbc_registry_data
  FOR EACH ROW EXECUTE FUNCTION t_ds_jdbc_registry_data_changed();

-- The advisory lock comes in its own statement, so that the next one sees what the one before us committed: without it,
-- a request and a release at the same time would not see each other, and nobody would get the lock.
CREATE OR REPLACE FUNCTION t_ds_jdbc_registry_grant(of_root text, of_key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE granted text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(of_root || ' ' || of_key, 20));
  UPDATE t_ds_jdbc_registry_lock SET fencing_token = nextval('t_ds_jdbc_registry_fencing_token')
    WHERE id = (SELECT min(id) FROM t_ds_jdbc_registry_lock WHERE root = of_root AND lock_key = of_key)
      AND NOT EXISTS (SELECT 1 FROM t_ds_jdbc_registry_lock
                      WHERE root = of_root AND lock_key = of_key AND fencing_token IS NOT NULL)
    RETURNING lock_owner INTO granted;
  IF granted IS NOT NULL THEN PERFORM pg_notify('${JDBC_REGISTRY_CHANNEL}', 'lock ' || granted); END IF;
END $$;
CREATE OR REPLACE FUNCTION t_ds_jdbc_registry_lock_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM t_ds_jdbc_registry_grant(NEW.root, NEW.lock_key);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER t_ds_jdbc_registry_lock_asked
  AFTER INSERT ON t_ds_jdbc_registry_lock FOR EACH ROW EXECUTE FUNCTION t_ds_jdbc_registry_lock_asked();
-- Ordered, so that two sessions that end at once do not wait for each other.
CREATE OR REPLACE FUNCTION t_ds_jdbc_registry_lock_freed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE freed record;
BEGIN
  FOR freed IN SELECT DISTINCT root, lock_key FROM gone ORDER BY root, lock_key LOOP
    PERFORM t_ds_jdbc_registry_grant(freed.root, freed.lock_key);
  END LOOP;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER t_ds_jdbc_registry_lock_freed
  AFTER DELETE ON t_ds_jdbc_registry_lock REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION t_ds_jdbc_registry_lock_freed();
`;
