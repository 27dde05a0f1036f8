import pg from "pg";
import { POSTGRES_USER, type PostgresAddress, postgresUrl } from "./postgres-client.ts";

/** The database with all tables and no rows; every case's database is a copy of its files. */
export const TEMPLATE_DATABASE = "failover_template";

/** Databases of cases on one server. */
export interface CaseDatabases {
  /** An empty migrated database, at once when a spare one is ready. Returns its name. */
  open(): Promise<string>;
  drop(name: string): Promise<void>;
  /** Closes the connection; leaves the databases to the server's end. */
  close(): Promise<void>;
}

/** Copies made ahead: as many as cases start at about the same time. */
const SPARES = 2;
/** A case may not wait for ever for a server that stopped answering. */
const STATEMENT_LIMIT_MS = 30_000;

/**
 * Creations are one after the other, on one connection: Postgres would serialise copies of one template anyway, and
 * fail
 * some. Copying files (8 ms on a RAM disk) is twice as fast as writing the copy through the log.
 */
export function createCaseDatabases(address: PostgresAddress): CaseDatabases {
  const pool = new pg.Pool({
    connectionString: postgresUrl(address, "postgres"),
    user: POSTGRES_USER,
    max: 1,
    connectionTimeoutMillis: STATEMENT_LIMIT_MS,
    query_timeout: STATEMENT_LIMIT_MS,
  });
  pool.on("error", () => undefined);
  const spares: Promise<string>[] = [];
  let number = 0;
  let closed = false;

  const create = async (): Promise<string> => {
    number += 1;
    const name = `case_${number}`;
    await pool.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE} STRATEGY file_copy`);
    return name;
  };
  const refill = (): void => {
    while (!closed && spares.length < SPARES) {
      const spare = create();
      // Whoever takes it sees the error; one that nobody takes must not end the process.
      spare.catch(() => undefined);
      spares.push(spare);
    }
  };
  refill();
  return {
    async open() {
      const name = await (spares.shift() ?? create());
      refill();
      return name;
    },
    async drop(name) {
      await pool.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
    async close() {
      closed = true;
      await Promise.allSettled(spares);
      await pool.end();
    },
  };
}
