import pg from "pg";
import { type Clock, errorMessage, waitUntil } from "../../src/base/index.ts";

/** How a server is asked: every step has a limit, so that a frozen server cannot hang the harness. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
}

/** The harness's superuser on its own servers. */
export const POSTGRES_USER = "postgres";

export function postgresUrl(address: PostgresAddress, database: string): string {
  return `postgres://${POSTGRES_USER}@${address.host}:${address.port}/${database}`;
}

/** Runs one statement on a connection of its own. */
export async function runStatement(url: string, statement: string, limitMs = 10_000): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: Math.min(limitMs, 2_000),
    query_timeout: limitMs,
  });
  // Errors of the connection reach the query's promise too; without a listener they would end this process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export interface AnswerOptions {
  readonly address: PostgresAddress;
  readonly clock: Clock;
  readonly withinMs: number;
  /** Ends the wait at once, with this as the reason, when the server cannot come any more. */
  readonly gaveUp?: () => string | undefined;
}

/** Waits until `SELECT 1` is answered: an open port is no answer. */
export async function waitForPostgres(options: AnswerOptions): Promise<void> {
  const { address, clock, withinMs, gaveUp } = options;
  const url = postgresUrl(address, "postgres");
  let last = "nothing yet";
  await waitUntil({
    clock,
    withinMs,
    everyMs: 10,
    describe: `Postgres on ${address.host}:${address.port} to answer`,
    lastSeen: () => last,
    until: async () => {
      const reason = gaveUp?.();
      if (reason !== undefined) throw new Error(reason);
      try {
        await runStatement(url, "SELECT 1", 1_000);
        return true;
      } catch (error) {
        last = errorMessage(error);
        return undefined;
      }
    },
  });
}
