import type { NodeKind, ServerState } from "../model/index.ts";
import { FencedError, type SqlExecutor, sqlTime } from "./database.ts";

/** A process life as the database knows it. No row means dead. */
export interface ServerRow {
  readonly incarnation: string;
  readonly kind: NodeKind;
  readonly address: string;
  readonly sessionNo: number;
  readonly state: ServerState;
  /** Milliseconds since the epoch. */
  readonly startupTime: number;
}

const COLUMNS = `incarnation, kind, address, session_no AS "sessionNo", state, startup_time AS "startupTime"`;

/** A master announces itself; it may not claim before `markAlive`. */
export async function insertJoining(
  sql: SqlExecutor,
  server: Pick<ServerRow, "incarnation" | "kind" | "address" | "startupTime">,
): Promise<void> {
  await sql.query(
    `INSERT INTO t_ds_server (incarnation, kind, address, state, startup_time, create_time)
     VALUES ($1, $2, $3, 'JOINING', $4, $4)`,
    [server.incarnation, server.kind, server.address, sqlTime(server.startupTime)],
  );
}

/** From now on it may claim. False: it was fenced before it got so far. */
export async function markAlive(sql: SqlExecutor, incarnation: string): Promise<boolean> {
  const { rowCount } = await sql.query(
    "UPDATE t_ds_server SET state = 'ALIVE', session_no = 1 WHERE incarnation = $1 AND state = 'JOINING'",
    [incarnation],
  );
  return rowCount === 1;
}

/**
 * A new registry session of the same life, with its number: later than all that went before. False: it was fenced
 * meanwhile. May be repeated with the number of a still newer session when it was not answered.
 */
export async function advanceSession(
  sql: SqlExecutor,
  incarnation: string,
  sessionNo: number,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE t_ds_server SET session_no = $2 WHERE incarnation = $1 AND session_no < $2 AND state = 'ALIVE'`,
    [incarnation, sessionNo],
  );
  return rowCount === 1;
}

/** A master saw a worker register. A worker that was fenced stays fenced. */
export async function insertSeenWorkers(
  sql: SqlExecutor,
  workers: readonly Pick<ServerRow, "incarnation" | "address" | "startupTime" | "sessionNo">[],
): Promise<void> {
  if (workers.length === 0) return;
  await sql.query(
    `INSERT INTO t_ds_server (incarnation, kind, address, session_no, state, startup_time, create_time)
     SELECT incarnation, 'worker', address, session_no, 'ALIVE', startup_time, startup_time
     FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamp[])
       AS seen (incarnation, address, session_no, startup_time)
     ON CONFLICT (incarnation) DO NOTHING`,
    [
      workers.map((worker) => worker.incarnation),
      workers.map((worker) => worker.address),
      workers.map((worker) => worker.sessionNo),
      workers.map((worker) => sqlTime(worker.startupTime)),
    ],
  );
}

/**
 * SELF: first in each claim, fence and rescue batch. The row is locked FOR SHARE until the end of the transaction, so
 * that no fence of this incarnation can commit before it. Throws FencedError.
 */
export async function assertSelf(tx: SqlExecutor, incarnation: string): Promise<void> {
  const { rowCount } = await tx.query(
    "SELECT 1 FROM t_ds_server WHERE incarnation = $1 AND state = 'ALIVE' FOR SHARE",
    [incarnation],
  );
  if (rowCount !== 1) throw new FencedError(`incarnation ${incarnation} is not ALIVE in t_ds_server`);
}

/** Graceful end: it has given away what it owned. */
export async function markLeft(sql: SqlExecutor, incarnation: string): Promise<void> {
  await sql.query(
    "UPDATE t_ds_server SET state = 'LEFT' WHERE incarnation = $1 AND state IN ('JOINING', 'ALIVE')",
    [incarnation],
  );
}

/**
 * A worker says goodbye. It may do so before any master has put it on record: then it gets a row that says LEFT, which
 * its registration, noted late, does not change any more.
 */
export async function recordLeft(
  sql: SqlExecutor,
  worker: { readonly incarnation: string; readonly address: string; readonly nowMs: number },
): Promise<void> {
  await sql.query(
    `INSERT INTO t_ds_server (incarnation, kind, address, session_no, state, create_time)
     VALUES ($1, 'worker', $2, 1, 'LEFT', $3)
     ON CONFLICT (incarnation) DO UPDATE SET state = 'LEFT' WHERE t_ds_server.state IN ('JOINING', 'ALIVE')`,
    [worker.incarnation, worker.address, sqlTime(worker.nowMs)],
  );
}

/** All lives that are not known to be over. */
export async function selectStandingServers(sql: SqlExecutor): Promise<readonly ServerRow[]> {
  const { rows } = await sql.query<ServerRow>(
    `SELECT ${COLUMNS} FROM t_ds_server WHERE state IN ('JOINING', 'ALIVE') ORDER BY create_time, incarnation`,
  );
  return rows;
}

/** Which of these lives are ALIVE. The others are fenced, gone, or were never heard of. */
export async function selectAlive(
  sql: SqlExecutor,
  incarnations: readonly string[],
): Promise<ReadonlySet<string>> {
  if (incarnations.length === 0) return new Set();
  const { rows } = await sql.query<{ incarnation: string }>(
    "SELECT incarnation FROM t_ds_server WHERE incarnation = ANY($1::uuid[]) AND state = 'ALIVE'",
    [incarnations],
  );
  return new Set(rows.map((row) => row.incarnation));
}
