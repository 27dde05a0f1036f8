import { randomUUID } from "node:crypto";
import pg from "pg";
import type { RegistryConfig } from "../../src/config/index.ts";
import type { RegistryWriter } from "./registry-writer.ts";

type JdbcConfig = Extract<RegistryConfig, { kind: "jdbc" }>;

const LIMIT_MS = 5000;

const OPEN_SESSION = /* sql */ `
  INSERT INTO t_ds_jdbc_registry_client_heartbeat (root, client_name, session_timeout_ms)
  VALUES ($1, $2, $3) RETURNING id`;
const PUT = /* sql */ `
  INSERT INTO t_ds_jdbc_registry_data (root, data_key, data_value, data_type, client_id)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (root, data_key) DO UPDATE SET data_value = excluded.data_value`;
const LOCK = /* sql */ `
  INSERT INTO t_ds_jdbc_registry_lock (root, lock_key, lock_owner, client_id) VALUES ($1, $2, $3, $4)`;

/** Own statements on the tables of the JDBC registry. A session that never beats is a dying one. */
export function createJdbcWriter(config: JdbcConfig): RegistryWriter {
  const pool = new pg.Pool({
    connectionString: config.url,
    max: 1,
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
    application_name: "failover-given",
  });
  pool.on("error", () => undefined);
  const { root } = config;
  return {
    async putPersistent(entries) {
      for (const { path, value } of entries) await pool.query(PUT, [root, path, value, "PERSISTENT", null]);
    },
    async leaveBehind({ holder, sessionTimeoutMs, entries, locks }) {
      const opened = await pool.query<{ id: string }>(OPEN_SESSION, [root, holder, sessionTimeoutMs]);
      const session = opened.rows[0]?.id;
      for (const { path, value } of entries) await pool.query(PUT, [root, path, value, "EPHEMERAL", session]);
      for (const path of locks) await pool.query(LOCK, [root, path, randomUUID(), session]);
    },
    close: () => pool.end().catch(() => undefined),
  };
}
