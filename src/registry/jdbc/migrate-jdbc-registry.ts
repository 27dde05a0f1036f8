import { Client } from "pg";
import { JDBC_REGISTRY_SCHEMA } from "./schema.ts";

/** Number of the advisory lock under which the tables are made; any constant that nobody else uses. */
const MIGRATION_LOCK = 7_205_419_002;

/** Longest wait for the database to answer and for others that migrate at the same time, milliseconds. */
const LIMIT_MS = 30_000;

/**
 * Makes the tables of the JDBC registry in the database of this url (postgres://user@host:port/database), or brings
 * them up to date. Can be repeated, also by several at once. Throws what Postgres says.
 */
export async function migrateJdbcRegistry(url: string): Promise<void> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
    application_name: "failover-migrate",
  });
  // Without a listener, a connection that breaks between two statements would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await client.query(JDBC_REGISTRY_SCHEMA);
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
}
