import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import pg from "pg";
import { createSystemClock, required } from "../base/index.ts";
import { type Database, sqlTime } from "./database.ts";
import { deleteHistory } from "./history.ts";
import { migrateStore } from "./migrate.ts";
import { createPgDatabase } from "./pg-database.ts";

// What goes by age, and what stays however old it is: on a real Postgres.

const DATABASE = "history_contract";
const DAY_MS = 24 * 3_600_000;
const nowMs = 1_700_000_000_000;
const oldMs = nowMs - 8 * DAY_MS;
const clock = createSystemClock();
let admin: pg.Client;
let database: Database;

beforeAll(async () => {
  const url = new URL(required(process.env.FAILOVER_TEST_POSTGRES_URL, "FAILOVER_TEST_POSTGRES_URL"));
  admin = new pg.Client({ connectionString: url.toString() });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  url.pathname = `/${DATABASE}`;
  await migrateStore(url.toString());
  const store = { url: url.toString(), applicationName: "history", clock, queryTimeoutMs: 2000 };
  database = createPgDatabase(store);
});

afterAll(async () => {
  await database.close();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.end();
});

const TABLES = [
  "server",
  "failover",
  "failover_audit",
  "workflow_intent",
  "operator_request",
  "task_report",
  "workflow_instance",
  "task_instance",
];

beforeEach(async () => {
  for (const table of TABLES) await database.query(`DELETE FROM t_ds_${table}`);
});

/** Life n, always the same for the same number. */
const life = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

async function addServer(n: number, state: string, atMs: number): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_server (incarnation, kind, address, state, create_time) VALUES ($1, 'worker', 'w:1', $2, $3)`,
    [life(n), state, sqlTime(atMs)],
  );
}

async function addFailover(n: number, phase: string, atMs: number, marked = true): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_failover (incarnation, kind, address, phase, rescuer, marked, update_time)
     VALUES ($1, 'worker', 'w:1', $2, $1, $3, $4)`,
    [life(n), phase, marked, sqlTime(atMs)],
  );
}

async function addAudit(n: number, workflowInstanceId: number | null, atMs: number): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_failover_audit (step, incarnation, workflow_instance_id, create_time)
     VALUES ('SWEEP', $1, $2, $3)`,
    [life(n), workflowInstanceId, sqlTime(atMs)],
  );
}

async function addWorkflow(id: number, state: number, owner: number | null = null): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_workflow_instance (id, name, state, owner_incarnation, owner_epoch) VALUES ($1, 'w', $2, $3, 1)`,
    [id, state, owner === null ? null : life(owner)],
  );
}

const forget = (registered: readonly number[] = [], limit = 100) =>
  deleteHistory(database, { beforeMs: nowMs - 7 * DAY_MS, registered: registered.map(life), limit });

async function left(table: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(`SELECT count(*) AS count FROM t_ds_${table}`);
  return Number(rows[0]?.count);
}

test("a life that is over goes with its failover and its audit, at that age and not before", async () => {
  for (const [n, atMs] of [
    [1, oldMs],
    [2, nowMs],
  ] as const) {
    await addServer(n, "FENCED", atMs);
    await addFailover(n, "DONE", atMs);
    await addAudit(n, null, atMs);
  }
  await forget();
  expect([await left("server"), await left("failover"), await left("failover_audit")]).toEqual([1, 1, 1]);
});

test("a life that stands, a failover that is not finished or not marked, and all that hangs on it, stay", async () => {
  await addServer(1, "ALIVE", oldMs);
  await addServer(2, "JOINING", oldMs);
  await addServer(3, "FENCED", oldMs);
  await addFailover(3, "FENCED", oldMs);
  await addAudit(3, null, oldMs);
  await addServer(4, "FENCED", oldMs);
  await addFailover(4, "DONE", oldMs, false);
  await addServer(5, "FENCED", oldMs);
  expect(Object.values(await forget([5])).every((count) => count === 0)).toBe(true);
});

test("what an unfinished workflow or attempt names stays; what a finished one names goes", async () => {
  await addWorkflow(1, 1, 1);
  await addWorkflow(2, 7, 2);
  await addWorkflow(3, 1);
  await addServer(1, "FENCED", oldMs);
  await addServer(2, "FENCED", oldMs);
  await addServer(3, "FENCED", oldMs);
  await addAudit(9, 1, oldMs);
  await addAudit(9, 2, oldMs);
  await database.query(
    `INSERT INTO t_ds_task_instance (id, name, task_code, workflow_instance_id, state, worker_incarnation)
     VALUES (1, 'a', 1, 3, 1, $1)`,
    [life(3)],
  );
  const gone = await forget();
  expect(gone).toMatchObject({ t_ds_server: 1, t_ds_failover_audit: 1 });
  const { rows } = await database.query<{ incarnation: string }>(
    "SELECT incarnation FROM t_ds_server ORDER BY 1",
  );
  expect(rows.map((row) => row.incarnation)).toEqual([life(1), life(3)]);
});

test("orders, requests and reports go when their workflow is over", async () => {
  await addWorkflow(1, 1);
  await addWorkflow(2, 7);
  for (const id of [1, 2]) {
    const at = sqlTime(oldMs);
    await database.query(
      `INSERT INTO t_ds_workflow_intent (workflow_instance_id, kind, request_id, outcome, create_time)
       VALUES ($1, 'STOP', $2, 'APPLIED', $3)`,
      [id, `intent-${id}`, at],
    );
    await database.query("INSERT INTO t_ds_operator_request VALUES ($1, $2, $3)", [`request-${id}`, id, at]);
    await database.query(
      "INSERT INTO t_ds_task_instance (id, name, task_code, workflow_instance_id, state) VALUES ($1, 'a', 1, $1, 7)",
      [id],
    );
    await database.query(
      `INSERT INTO t_ds_task_report (task_instance_id, dispatch_no, seq, kind, payload, create_time)
       VALUES ($1, 1, 1, 'RUNNING', '{}', $2), ($1, 1, 2, 'FINISHED', '{}', $2)`,
      [id, at],
    );
  }
  await forget();
  const counts = [await left("workflow_intent"), await left("operator_request"), await left("task_report")];
  expect(counts).toEqual([1, 1, 2]);
});

test("one call deletes no more than it may, and the next one goes on", async () => {
  for (const n of [1, 2, 3]) await addServer(n, "LEFT", oldMs);
  expect(await forget([], 2)).toMatchObject({ t_ds_server: 2 });
  expect(await forget([], 2)).toMatchObject({ t_ds_server: 1 });
});
