import pg from "pg";
import { type Clock, errorCode, errorMessage, Lane } from "../base/index.ts";
import {
  type Database,
  FencedError,
  type NotificationListener,
  NotOwnerError,
  type SqlExecutor,
  type SqlResult,
  type SqlValue,
  StoreError,
} from "./database.ts";

const TIMESTAMP_OID = 1114;
const BIGINT_OID = 20;

/** Times of the Postgres connections, milliseconds; each is shorter than the one that watches over it. */
export interface PgDatabaseOptions {
  readonly url: string;
  /** Shown in pg_stat_activity: a fenced node's connections are ended by it. */
  readonly applicationName: string;
  readonly clock: Clock;
  /** q of OWNERSHIP: longest wait for the answer to one statement. */
  readonly queryTimeoutMs: number;
  /** Connections at most; who comes when all are in use waits for one. Default 8. */
  readonly maxConnections?: number;
}

const DEADLOCK = "40P01";
const SERIALIZATION_FAILURE = "40001";
const LOCK_NOT_AVAILABLE = "55P03";
const TRANSACTION_TRIES = 5;
const DEFAULT_MAX_CONNECTIONS = 8;
/** Pause before a broken LISTEN connection is made again. */
const LISTEN_RETRY_MS = 200;

const types = {
  getTypeParser(oid: number, format?: "text" | "binary"): (text: string) => unknown {
    if (oid === TIMESTAMP_OID) return (text) => Date.parse(`${text.replace(" ", "T")}Z`);
    if (oid === BIGINT_OID) return Number;
    return pg.types.getTypeParser(oid, format as "text") as (text: string) => unknown;
  },
};

function connectionConfig(options: PgDatabaseOptions): pg.ClientConfig {
  const q = options.queryTimeoutMs;
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: q,
    query_timeout: q,
    statement_timeout: Math.floor(q * 0.9),
    lock_timeout: Math.floor(q * 0.7),
    // A process that is stopped in mid-transaction must not keep its row locks for ever.
    idle_in_transaction_session_timeout: q * 2,
    keepAlive: true,
    types: types as unknown as pg.CustomTypesConfig,
  };
}

function asStoreError(error: unknown, unknownOutcome: boolean): Error {
  if (error instanceof StoreError || error instanceof FencedError || error instanceof NotOwnerError)
    return error;
  if (!(error instanceof Error)) return new StoreError("UNAVAILABLE", errorMessage(error));
  const code = errorCode(error) ?? "";
  if (unknownOutcome)
    return new StoreError("UNKNOWN", `no answer to COMMIT: ${error.message}`, { cause: error });
  if (code === LOCK_NOT_AVAILABLE || code === DEADLOCK)
    return new StoreError("LOCKED", error.message, { cause: error });
  if (code.startsWith("23") || code.startsWith("22"))
    return new StoreError("CONSTRAINT", error.message, { cause: error });
  const fromPostgres = error instanceof pg.DatabaseError;
  const fromConnection =
    /^(E[A-Z]+|ECONN.*)$/.test(code) || /terminat|timeout|closed|connect|not queryable/i.test(error.message);
  return fromPostgres || fromConnection
    ? new StoreError("UNAVAILABLE", error.message, { cause: error })
    : error;
}

async function run<R extends object>(
  client: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly SqlValue[] = [],
): Promise<SqlResult<R>> {
  const result = await client.query(text, values as unknown[]);
  return { rows: result.rows as R[], rowCount: result.rowCount ?? 0 };
}

async function attemptTransaction<T>(pool: pg.Pool, work: (tx: SqlExecutor) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let committing = false;
  try {
    await client.query("BEGIN");
    const result = await work({
      query: (text, values) => run(client, text, values),
    });
    committing = true;
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    // A connection whose transaction state is in doubt is thrown away; that rolls back on the server, too.
    const known = errorCode(error) !== undefined && error instanceof pg.DatabaseError;
    if (!committing)
      await client.query("ROLLBACK").then(
        () => client.release(),
        () => client.release(true),
      );
    else client.release(true);
    throw asStoreError(error, committing && !known);
  }
}

/** Tells on a connection of its own what is notified, and makes it again whenever it breaks. */
function keepListening(
  options: PgDatabaseOptions,
  channels: readonly string[],
  hears: { readonly onNotification: NotificationListener; readonly onGap: () => void },
): () => Promise<void> {
  let stopped = false;
  let current: pg.Client | undefined;
  const connectOnce = async (): Promise<void> => {
    const client = new pg.Client({
      ...connectionConfig(options),
      statement_timeout: 0,
      idle_in_transaction_session_timeout: 0,
    });
    current = client;
    const broken = new Promise<void>((resolve) => {
      client.on("error", () => resolve());
      client.on("end", () => resolve());
    });
    client.on("notification", ({ channel, payload }) => hears.onNotification(channel, payload ?? ""));
    await client.connect();
    for (const channel of channels) await client.query(`LISTEN ${channel}`);
    hears.onGap();
    await broken;
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      await connectOnce().catch(() => undefined);
      await current?.end().catch(() => undefined);
      if (!stopped) await options.clock.sleep(LISTEN_RETRY_MS);
    }
  };
  const done = loop();
  return async () => {
    stopped = true;
    await current?.end().catch(() => undefined);
    await done;
  };
}

/** The store on Postgres through a pool of connections. Connects when it is first used. */
export function createPgDatabase(options: PgDatabaseOptions): Database {
  const max = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  const pool = new pg.Pool({ ...connectionConfig(options), max, idleTimeoutMillis: 30_000 });
  const lane = new Lane(max);
  // An idle connection that breaks is replaced at its next use; without this listener it would end the process.
  pool.on("error", () => undefined);
  // The same holds for one that is in use and idle at that moment, in the middle of a transaction: its next statement
  // fails, and says so.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const stops: (() => Promise<void>)[] = [];
  return {
    async query(text, values) {
      try {
        return await lane.pass(() => run(pool, text, values));
      } catch (error) {
        throw asStoreError(error, false);
      }
    },
    async transaction(work) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await lane.pass(() => attemptTransaction(pool, work));
        } catch (error) {
          const stored = asStoreError(error, false);
          const code = errorCode(error instanceof Error ? (error.cause ?? error) : error);
          const repeat = code === DEADLOCK || code === SERIALIZATION_FAILURE;
          if (!repeat || tries >= TRANSACTION_TRIES) throw stored;
        }
      }
    },
    listen(channels, onNotification, onGap) {
      stops.push(keepListening(options, channels, { onNotification, onGap }));
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      await pool.end();
    },
  };
}
