import pg from "pg";
import { type Clock, errorCode, errorMessage } from "../../src/base/index.ts";
import type { Row, Tables } from "./evidence.ts";

/** The judge could not read the database or the registry: frozen, gone, or refused. */
export class ObservationError extends Error {
  override readonly name = "ObservationError";
}

/** The judge's own view of a Postgres database: reads only, every answer within a limit. */
export interface DatabaseView {
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** All t_ds_* tables at one instant, rows by their key; those of the JDBC registry are the registry's. */
  tables(): Promise<Tables>;
  /** Never hangs, never throws. Idempotent. */
  close(): Promise<void>;
}

export interface DatabaseViewOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Limit of one answer, the connection included. Default 2000 ms. */
  readonly deadlineMs?: number;
}

const TIMESTAMP = 1114;
const TIMESTAMP_WITH_ZONE = 1184;
const BIGINT = 20;
const NUMERIC = 1700;

/** Opens nothing yet: the first query connects. */
export function createDatabaseView(options: DatabaseViewOptions): DatabaseView {
  const { url, clock, deadlineMs = 2000 } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: 3,
    connectionTimeoutMillis: deadlineMs,
    query_timeout: deadlineMs,
    types: { getTypeParser },
    application_name: "failover-judge",
  });
  // An idle connection that breaks is no news here: the next query says so.
  pool.on("error", () => undefined);
  let closed: Promise<void> | undefined;

  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const code = errorCode(error);
      throw new ObservationError(
        `the database does not answer the judge${code === undefined ? "" : ` (${code})`}: ${errorMessage(error)}`,
        { cause: error },
      );
    }
  };
  return {
    query: (sql, values = []) =>
      run(async () => (await pool.query<Record<string, Row[string]>>(sql, [...values])).rows),
    tables: () => run(() => readTables(pool)),
    close() {
      // A frozen server never confirms the end of a connection.
      closed ??= Promise.race([pool.end().catch(() => undefined), clock.sleep(500)]);
      return closed;
    },
  };
}

const LIST_TABLES = /* sql */ `
  SELECT c.relname AS name,
         (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY array_position(i.indkey::int[], a.attnum::int))
            FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
           WHERE i.indrelid = c.oid AND i.indisprimary) AS key
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname LIKE 't\\_ds\\_%'
     AND c.relname NOT LIKE 't\\_ds\\_jdbc\\_registry\\_%'
   ORDER BY c.relname`;

/** One round trip and one snapshot for all tables: rows of two tables never contradict by being read apart. */
async function readTables(pool: pg.Pool): Promise<Tables> {
  const names = await pool.query<{ name: string; key: string | null }>(LIST_TABLES);
  const selects = names.rows.map(
    ({ name, key }) => `SELECT * FROM ${pg.escapeIdentifier(name)} ORDER BY ${key ?? "ctid"}`,
  );
  const script = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", ...selects, "COMMIT"].join(";\n");
  const results: unknown = await pool.query(script);
  const lists = Array.isArray(results) ? results : [];
  return Object.fromEntries(names.rows.map(({ name }, index) => [name, rowsOf(lists[index + 1])]));
}

function rowsOf(result: unknown): readonly Row[] {
  return typeof result === "object" && result !== null && "rows" in result && Array.isArray(result.rows)
    ? result.rows
    : [];
}

type Parser = (text: string) => string | number | boolean;

function getTypeParser(oid: number, format?: "text" | "binary"): Parser {
  switch (oid) {
    // Stored in UTC; the driver would read them in the machine's zone.
    case TIMESTAMP:
      return (text) => new Date(`${text.replace(" ", "T")}Z`).toISOString();
    case TIMESTAMP_WITH_ZONE:
      return (text) => new Date(text).toISOString();
    case BIGINT:
    case NUMERIC:
      return Number;
    default:
      return pg.types.getTypeParser(oid, format ?? "text");
  }
}
