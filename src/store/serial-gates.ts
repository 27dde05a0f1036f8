import {
  EXECUTION_TYPE_CODES,
  FINISHED_WORKFLOW_CODES,
  type Gate,
  type GateMember,
  type SerialType,
  WORKFLOW_STATE_CODES,
  wordOfCode,
} from "../model/index.ts";
import { type SqlExecutor, sqlTime } from "./database.ts";
import { notifyCommands } from "./reports.ts";

/** At work, or put aside for a failover, which keeps its place. */
const AT_WORK = [
  WORKFLOW_STATE_CODES.RUNNING_EXECUTION,
  WORKFLOW_STATE_CODES.READY_PAUSE,
  WORKFLOW_STATE_CODES.READY_STOP,
  WORKFLOW_STATE_CODES.FAILOVER,
] as const;
const WAITS = WORKFLOW_STATE_CODES.SERIAL_WAIT;
/** Commands of instances that are inside (2, a failover) or waited already (11) do not queue up. */
const NOT_ARRIVING = "(2, 11)";

/** Of these definitions, those with a version that is not PARALLEL. */
export async function selectSerialDefinitions(
  sql: SqlExecutor,
  codes: readonly number[],
): Promise<ReadonlySet<number>> {
  const { rows } = await sql.query<{ code: number }>(
    "SELECT DISTINCT code FROM t_ds_workflow_definition WHERE code = ANY($1::bigint[]) AND execution_type <> 0",
    [codes],
  );
  return new Set(rows.map((row) => row.code));
}

/** An instance whose definition, in its version, has a serial execution type. */
export interface SerialInstance {
  readonly id: number;
  readonly code: number;
  readonly type: SerialType;
}

/** Of these instances, those that have to pass a gate. */
export async function selectSerialInstances(
  sql: SqlExecutor,
  ids: readonly number[],
): Promise<readonly SerialInstance[]> {
  const { rows } = await sql.query<{ id: number; code: number; type: number }>(
    `SELECT w.id, d.code, d.execution_type AS type FROM t_ds_workflow_instance w
     JOIN t_ds_workflow_definition d ON d.code = w.workflow_definition_code
       AND d.version = w.workflow_definition_version
     WHERE w.id = ANY($1::int[]) AND d.execution_type <> 0`,
    [ids],
  );
  return rows.flatMap(({ id, code, type }) => {
    const word = wordOfCode(EXECUTION_TYPE_CODES, type);
    return word === undefined || word === "PARALLEL" ? [] : [{ id, code, type: word }];
  });
}

/**
 * Of these commands, which this transaction has locked, those before which another one of the same serial definition
 * still stands in the table, which another master is claiming or may claim: they are left to wait, so that instances
 * come to the gate in the order of their commands.
 */
export async function selectCommandsBehindOthers(
  tx: SqlExecutor,
  ids: readonly number[],
  serialCodes: readonly number[],
): Promise<ReadonlySet<number>> {
  const { rows } = await tx.query<{ id: number }>(
    `SELECT c.id FROM t_ds_command c
     WHERE c.id = ANY($1::int[]) AND c.workflow_definition_code = ANY($2::bigint[])
       AND c.command_type NOT IN ${NOT_ARRIVING} AND EXISTS (
         SELECT 1 FROM t_ds_command before WHERE before.workflow_definition_code = c.workflow_definition_code
           AND before.command_type NOT IN ${NOT_ARRIVING} AND NOT before.id = ANY($1::int[])
           AND (coalesce(before.workflow_instance_priority, 9), before.id)
             < (coalesce(c.workflow_instance_priority, 9), c.id))`,
    [ids, serialCodes],
  );
  return new Set(rows.map((row) => row.id));
}

/**
 * Locks the gate of a definition until the transaction ends, and makes it when there is none: then whoever is at work
 * or waits already, of a time without gates, gets a ticket. Gives the instance in the column `holder`.
 */
export async function lockGate(tx: SqlExecutor, code: number): Promise<number | undefined> {
  const { rowCount } = await tx.query(
    "INSERT INTO t_ds_serial_gate (workflow_definition_code) VALUES ($1) ON CONFLICT DO NOTHING",
    [code],
  );
  const { rows } = await tx.query<{ holder: number | null }>(
    "SELECT holder FROM t_ds_serial_gate WHERE workflow_definition_code = $1 FOR UPDATE",
    [code],
  );
  if (rowCount === 1) await giveMissingTickets(tx, code);
  return rows[0]?.holder ?? undefined;
}

/** Who is at work or waits and is not on record at the gate gets on record, the oldest first. After `lockGate`. */
export async function giveMissingTickets(tx: SqlExecutor, code: number): Promise<void> {
  await tx.query(
    `WITH due AS (
       SELECT w.id, g.last_ticket + row_number() OVER (ORDER BY w.state = ${WAITS}, w.id) AS ticket
       FROM t_ds_serial_gate g JOIN t_ds_workflow_instance w USING (workflow_definition_code)
       JOIN t_ds_workflow_definition d ON d.code = w.workflow_definition_code
         AND d.version = w.workflow_definition_version AND d.execution_type <> 0
       WHERE g.workflow_definition_code = $1 AND w.serial_ticket IS NULL AND w.id IS DISTINCT FROM g.holder
         AND w.state = ANY($2::int[])
     ), given AS (
       UPDATE t_ds_workflow_instance w SET serial_ticket = due.ticket FROM due WHERE w.id = due.id RETURNING due.ticket
     )
     UPDATE t_ds_serial_gate SET last_ticket = greatest(last_ticket, (SELECT max(ticket) FROM given))
     WHERE workflow_definition_code = $1`,
    [code, [...AT_WORK, WAITS]],
  );
}

/** Tickets for so many that arrive, the next in order. After `lockGate`. */
export async function drawTickets(tx: SqlExecutor, code: number, count: number): Promise<readonly number[]> {
  const { rows } = await tx.query<{ last: number }>(
    `UPDATE t_ds_serial_gate SET last_ticket = last_ticket + $2 WHERE workflow_definition_code = $1
     RETURNING last_ticket AS last`,
    [code, count],
  );
  const last = rows[0]?.last ?? count;
  return Array.from({ length: count }, (_, index) => last - count + 1 + index);
}

export async function setHolder(tx: SqlExecutor, code: number, holder: number | undefined): Promise<void> {
  await tx.query("UPDATE t_ds_serial_gate SET holder = $2 WHERE workflow_definition_code = $1", [
    code,
    holder ?? null,
  ]);
}

/** Members on record, in the order in which they come next: at work before waiting; for PRIORITY the newest first. */
async function selectMembers(
  tx: SqlExecutor,
  code: number,
  holder: number | undefined,
): Promise<readonly GateMember[]> {
  const { rows } = await tx.query<GateMember>(
    `SELECT w.id, w.state = ${WAITS} AS waits FROM t_ds_workflow_instance w
     LEFT JOIN t_ds_workflow_definition d ON d.code = w.workflow_definition_code
       AND d.version = w.workflow_definition_version
     WHERE w.workflow_definition_code = $1 AND w.serial_ticket IS NOT NULL AND w.state = ANY($2::int[])
       AND w.id IS DISTINCT FROM $3::int
     ORDER BY w.state = ${WAITS}, w.serial_ticket
       * CASE WHEN d.execution_type = ${EXECUTION_TYPE_CODES.SERIAL_PRIORITY} THEN -1 ELSE 1 END`,
    [code, [...AT_WORK, WAITS], holder ?? null],
  );
  return rows;
}

/** The command that calls an instance in: its turn has come. */
async function callIn(tx: SqlExecutor, ids: readonly number[], nowMs: number): Promise<void> {
  await tx.query(
    `INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version, command_param,
       task_depend_type, workflow_instance_id, workflow_instance_priority, worker_group, tenant_code, environment_code,
       dry_run, test_flag, start_time, update_time)
     SELECT 11, coalesce(workflow_definition_code, 0), workflow_definition_version, command_param, task_depend_type, id,
       workflow_instance_priority, worker_group, tenant_code, environment_code, dry_run, test_flag, $2, $2
     FROM t_ds_workflow_instance WHERE id = ANY($1::int[]) AND state = ${WAITS} ORDER BY id
     ON CONFLICT (workflow_instance_id) WHERE workflow_instance_id > 0 DO NOTHING`,
    [ids, sqlTime(nowMs)],
  );
  await notifyCommands(tx);
}

/** The gate as it is, after it was made to agree with the instances: see `settleGate`. */
async function passOn(tx: SqlExecutor, code: number, nowMs: number): Promise<Gate> {
  const [next, ...others] = await selectMembers(tx, code, undefined);
  await setHolder(tx, code, next?.id);
  if (next?.waits === true) await callIn(tx, [next.id], nowMs);
  return { holder: next, others };
}

/**
 * Locks a gate and makes it agree with the instances: a holder that has finished or is gone makes room for the next,
 * which is called in; a holder that was called in and whose command is lost is called again.
 */
export async function settleGate(tx: SqlExecutor, code: number, nowMs: number): Promise<Gate> {
  const holder = await lockGate(tx, code);
  const { rows } = await tx.query<{ waits: boolean }>(
    `SELECT state = ${WAITS} AS waits FROM t_ds_workflow_instance
     WHERE id = $1 AND workflow_definition_code = $2 AND NOT state = ANY($3::int[])`,
    [holder ?? 0, code, FINISHED_WORKFLOW_CODES],
  );
  const found = rows[0];
  if (holder === undefined || found === undefined) return passOn(tx, code, nowMs);
  if (found.waits) await callIn(tx, [holder], nowMs);
  return { holder: { id: holder, ...found }, others: await selectMembers(tx, code, holder) };
}

/**
 * Part of every transaction that ends an instance, after the row says so: if it held the gate of its definition, the
 * next is named and called in. Does nothing for instances that have no gate.
 */
export async function leaveGate(tx: SqlExecutor, workflowInstanceId: number, nowMs: number): Promise<void> {
  const { rows } = await tx.query<{ code: number; holder: number | null }>(
    `SELECT workflow_definition_code AS code, holder FROM t_ds_serial_gate WHERE workflow_definition_code =
       (SELECT workflow_definition_code FROM t_ds_workflow_instance WHERE id = $1) FOR UPDATE`,
    [workflowInstanceId],
  );
  const gate = rows[0];
  if (gate === undefined) return;
  await tx.query(
    "UPDATE t_ds_workflow_instance SET serial_ticket = NULL WHERE id = $1 AND serial_ticket IS NOT NULL",
    [workflowInstanceId],
  );
  // A newer instance of a SERIAL_PRIORITY definition may have ordered it to stop while this waited for the gate.
  await tx.query(
    `UPDATE t_ds_workflow_intent SET outcome = 'MOOT', update_time = $2
     WHERE workflow_instance_id = $1 AND outcome = 'OPEN'`,
    [workflowInstanceId, sqlTime(nowMs)],
  );
  if (gate.holder === workflowInstanceId) await passOn(tx, gate.code, nowMs);
}

/** An instance that has to wait, and its ticket. */
export interface Waiter {
  readonly workflowInstanceId: number;
  readonly ticket: number;
}

/** After a claim has prepared their rows: who waits is nobody's. One that waited already keeps its place. */
export async function putToWait(
  tx: SqlExecutor,
  waiters: readonly Waiter[],
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await tx.query<{ id: number; epoch: number }>(
    `UPDATE t_ds_workflow_instance w SET owner_incarnation = NULL, owner_epoch = w.owner_epoch + 1, host = NULL,
       end_time = NULL, serial_ticket = coalesce(w.serial_ticket, waiter.ticket)
     FROM unnest($1::int[], $2::bigint[]) AS waiter (id, ticket) WHERE w.id = waiter.id
     RETURNING w.id, w.owner_epoch AS epoch`,
    [waiters.map((waiter) => waiter.workflowInstanceId), waiters.map((waiter) => waiter.ticket)],
  );
  return new Map(rows.map(({ id, epoch }) => [id, epoch]));
}

/** They are inside and wait no more. */
export async function dropTickets(tx: SqlExecutor, ids: readonly number[]): Promise<void> {
  await tx.query(
    "UPDATE t_ds_workflow_instance SET serial_ticket = NULL WHERE id = ANY($1::int[]) AND serial_ticket IS NOT NULL",
    [ids],
  );
}

/** Locks those that wait at these gates, by id: before the gates, since a newer instance may end them. */
export async function lockWaiting(tx: SqlExecutor, codes: readonly number[]): Promise<void> {
  await tx.query(
    `SELECT 1 FROM t_ds_workflow_instance WHERE workflow_definition_code = ANY($1::bigint[])
     AND serial_ticket IS NOT NULL AND state = ${WAITS} ORDER BY id FOR NO KEY UPDATE`,
    [codes],
  );
}

/** Locks the gate of an instance's definition, if there is one. */
export async function lockGateOf(tx: SqlExecutor, workflowInstanceId: number): Promise<void> {
  await tx.query(
    `SELECT 1 FROM t_ds_serial_gate WHERE workflow_definition_code =
       (SELECT workflow_definition_code FROM t_ds_workflow_instance WHERE id = $1) FOR UPDATE`,
    [workflowInstanceId],
  );
}
