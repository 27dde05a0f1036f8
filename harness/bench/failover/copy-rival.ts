import type pg from "pg";
import type { Clock } from "../../../src/base/index.ts";
import { copyIn, copyOut } from "./copy-stream.ts";

const TABLES = ["t_ds_workflow_instance", "t_ds_command", "t_ds_failover_audit"] as const;

/** The rows that a sweep left, as COPY reads them. */
export interface SweptRows {
  readonly tables: readonly { readonly name: string; readonly data: Buffer }[];
}

export async function readSwept(client: pg.Client): Promise<SweptRows> {
  const tables: { name: string; data: Buffer }[] = [];
  for (const name of TABLES) {
    tables.push({ name, data: await copyOut(client, `SELECT * FROM ${name} ORDER BY id`) });
  }
  return { tables };
}

/** Empty tables that are equal in columns, indexes and fill factor. */
export async function makeEqualTables(client: pg.Client): Promise<void> {
  for (const name of TABLES) {
    const { rows } = await client.query<{ options: string | null }>(
      "SELECT array_to_string(reloptions, ', ') AS options FROM pg_class WHERE relname = $1",
      [name],
    );
    const options = rows[0]?.options ?? null;
    await client.query(`DROP TABLE IF EXISTS copy_${name}`);
    await client.query(
      `CREATE TABLE copy_${name} (LIKE ${name} INCLUDING ALL)${options === null ? "" : ` WITH (${options})`}`,
    );
  }
  await client.query("CHECKPOINT");
}

/** The floor: the same rows into equal tables in one transaction, from memory, milliseconds. */
export async function timeCopy(client: pg.Client, swept: SweptRows, clock: Clock): Promise<number> {
  await makeEqualTables(client);
  const startedMs = clock.monotonicMs();
  await client.query("BEGIN");
  for (const { name, data } of swept.tables) await copyIn(client, `copy_${name}`, data);
  await client.query("COMMIT");
  return clock.monotonicMs() - startedMs;
}
