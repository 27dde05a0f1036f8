import pg from "pg";

/** What a statement did. */
export interface SqlResult {
  /** Rows that it changed or gave, all statements together; undefined when none of them counts rows (DDL). */
  readonly rowCount: number | undefined;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Runs SQL on a connection of its own, so that nothing of it outlives the call. Throws the driver's error. */
export async function runSql(
  url: string,
  sql: { readonly text: string; readonly values?: readonly unknown[] },
  withinMs: number,
): Promise<SqlResult> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: withinMs,
    query_timeout: withinMs,
    statement_timeout: withinMs,
    application_name: "failover-harness",
  });
  // An error between queries is seen by the query that comes next, or by nobody.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const result: unknown = await (sql.values === undefined
      ? client.query(sql.text)
      : client.query(sql.text, [...sql.values]));
    return summed(Array.isArray(result) ? result : [result]);
  } finally {
    // A frozen server never confirms the end of a connection: it is not waited for.
    void client.end().catch(() => undefined);
  }
}

function summed(results: readonly Partial<pg.QueryResult>[]): SqlResult {
  const counts = results.flatMap(({ rowCount }) => (typeof rowCount === "number" ? [rowCount] : []));
  return {
    rowCount: counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0),
    rows: results.at(-1)?.rows ?? [],
  };
}
