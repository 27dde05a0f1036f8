import pg from "pg";
import { initial } from "./migrations/0001-initial.ts";
import { operatorRequests } from "./migrations/0002-operator-requests.ts";
import { subWorkflows } from "./migrations/0003-sub-workflows.ts";
import { gatesAndSlots } from "./migrations/0004-gates-and-slots.ts";
import { control } from "./migrations/0005-control.ts";
import { workerGroupHint } from "./migrations/0006-worker-group-hint.ts";
import { alerts } from "./migrations/0007-alerts.ts";
import { refusals } from "./migrations/0008-refusals.ts";

/** Steps from an empty database to the present schema, in order. A step that was released is never changed. */
const MIGRATIONS: readonly { readonly version: number; readonly name: string; readonly sql: string }[] = [
  { version: 1, name: "initial", sql: initial },
  { version: 2, name: "operator-requests", sql: operatorRequests },
  { version: 3, name: "sub-workflows", sql: subWorkflows },
  { version: 4, name: "gates-and-slots", sql: gatesAndSlots },
  { version: 5, name: "control", sql: control },
  { version: 6, name: "worker-group-hint", sql: workerGroupHint },
  { version: 7, name: "alerts", sql: alerts },
  { version: 8, name: "refusals", sql: refusals },
];

/** Any number that nobody else uses for an advisory lock. */
const MIGRATION_LOCK = 721_004;
const CONNECT_TIMEOUT_MS = 5000;

/** Brings the schema up to date. Safe to run by several at once, and again. Throws what Postgres says. */
export async function migrateStore(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await client.query(
      "CREATE TABLE IF NOT EXISTS t_ds_migration (version int PRIMARY KEY, name varchar(255) NOT NULL)",
    );
    const { rows } = await client.query<{ version: number }>("SELECT version FROM t_ds_migration");
    const done = new Set(rows.map((row) => row.version));
    for (const migration of MIGRATIONS) {
      if (done.has(migration.version)) continue;
      await client.query(migration.sql);
      await client.query("INSERT INTO t_ds_migration VALUES ($1, $2)", [migration.version, migration.name]);
    }
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
}
