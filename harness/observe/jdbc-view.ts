import type { RegistryConfig } from "../../src/config/index.ts";
import { createDatabaseView } from "./database.ts";
import type { RegistryRecord, Row } from "./evidence.ts";
import type { RegistryView, RegistryViewOptions } from "./registry-view.ts";

type JdbcConfig = Extract<RegistryConfig, { kind: "jdbc" }>;

/** One statement, so that entries and locks are of the same instant. Requests for a lock that wait have no token. */
const TREE = /* sql */ `
  SELECT 'entry' AS kind, data_key AS path, data_value AS value, client_id AS session
    FROM t_ds_jdbc_registry_data WHERE root = $1
   UNION ALL
  SELECT 'lock', l.lock_key, c.client_name, l.client_id
    FROM t_ds_jdbc_registry_lock l LEFT JOIN t_ds_jdbc_registry_client_heartbeat c ON c.id = l.client_id
   WHERE l.root = $1 AND l.fencing_token IS NOT NULL
   ORDER BY path`;

/** The judge's own queries on the tables of the JDBC registry. */
export function createJdbcView(config: JdbcConfig, options: RegistryViewOptions): RegistryView {
  const database = createDatabaseView({ ...options, url: config.url });
  return {
    tree: async () => (await database.query(TREE, [config.root])).map(toRecord),
    close: () => database.close(),
  };
}

function toRecord(row: Row): RegistryRecord {
  const session = row["session"] ?? null;
  return {
    path: String(row["path"]),
    value: String(row["value"] ?? ""),
    ephemeral: session !== null,
    kind: row["kind"] === "lock" ? "lock" : "entry",
    sessionId: session === null ? null : String(session),
  };
}
