import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createSystemClock, NO_FAILPOINTS, required, waitUntil } from "../base/index.ts";
import { operate } from "../control/index.ts";
import {
  assertOwned,
  type Database,
  endByForce,
  insertIntent,
  insertJoining,
  lockNextOfSweep,
  markAlive,
  migrateStore,
  type SqlExecutor,
  selectWorkflow,
} from "../store/index.ts";
import { createPgDatabase } from "../store/pg-database.ts";
import { startClaimLoop } from "./claim-loop.ts";

// What is damaged, or comes twice, holds up nobody and is done once: on a real Postgres.

const X = "00000000-0000-4000-8000-00000000000a";
const Y = "00000000-0000-4000-8000-00000000000b";
const DATABASE = "damage_contract";
const clock = createSystemClock();
const nowMs = 1_700_000_000_000;
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
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
  const store = { url: url.toString(), applicationName: "damage", clock, queryTimeoutMs: 2000 };
  database = createPgDatabase(store);
});

afterAll(async () => {
  await database.close();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.end();
});

beforeEach(async () => {
  const { rows } = await database.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 't_ds_migration'",
  );
  for (const { name } of rows) await database.query(`DELETE FROM ${name}`);
  await insertJoining(database, { incarnation: X, kind: "master", address: "x:1", startupTime: nowMs });
  await markAlive(database, X);
});

async function addWorkflow(id: number, owner: string | null, state = 1): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_workflow_instance (id, name, workflow_definition_code, state, owner_incarnation, owner_epoch)
     VALUES ($1, 'w', 1, $2, $3, 1)`,
    [id, state, owner],
  );
}

/** Does the second while the transaction of the first is open. */
async function during<T>(first: (tx: SqlExecutor) => Promise<void>, second: () => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await first(tx);
    return second();
  });
}

describe("what cannot be moved", () => {
  const scope = { ownerIncarnation: X };

  test("the row that goes aside is the one that a batch of one would take, not one that is only locked", async () => {
    for (const id of [1, 2]) await addWorkflow(id, X);
    const poison = await during(
      (tx) => assertOwned(tx, { workflowInstanceId: 1, incarnation: X, epoch: 1 }, "a write"),
      () => database.transaction((tx) => lockNextOfSweep(tx, { scope, cursor: 0, waitForLocks: false })),
    );
    expect(poison).toBe(2);
  });

  test("ends with its attempts and orders, a reason and an alert, whatever its epoch", async () => {
    await addWorkflow(1, X);
    await database.query(
      "INSERT INTO t_ds_task_instance (name, task_code, workflow_instance_id, state) VALUES ('a', 1, 1, 1)",
    );
    await database.query("UPDATE t_ds_workflow_instance SET owner_epoch = 9223372036854775807");
    await insertIntent(database, { workflowInstanceId: 1, kind: "STOP", requestId: "r", nowMs });
    const end = { workflowInstanceId: 1, me: Y, step: "POISON", why: "a test", nowMs } as const;
    expect(await database.transaction((tx) => endByForce(tx, end))).toBeGreaterThan(0);
    const { rows } = await database.query(
      `SELECT w.state AS workflow, t.state AS task, i.outcome FROM t_ds_workflow_instance w
       JOIN t_ds_task_instance t ON t.workflow_instance_id = w.id
       JOIN t_ds_workflow_intent i ON i.workflow_instance_id = w.id`,
    );
    expect(rows).toEqual([{ workflow: 6, task: 9, outcome: "MOOT" }]);
  });
});

describe("operators", () => {
  const ports = {
    clock,
    get database() {
      return database;
    },
    events: { emit: () => undefined },
  };
  const request = { kind: "start", workflowDefinitionCode: 1 } as const;

  beforeEach(async () => {
    await database.query("INSERT INTO t_ds_workflow_definition (code, name) VALUES (1, 'w')");
  });

  test("the same request is done once, also when its command was claimed meanwhile", async () => {
    const first = await operate(ports, { requestId: "r1", request });
    await database.query("DELETE FROM t_ds_command");
    expect(await operate(ports, { requestId: "r1", request })).toEqual(first);
    expect((await database.query("SELECT 1 FROM t_ds_workflow_instance")).rowCount).toBe(1);
  });

  test("the same request at the same time at two masters is done once", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => operate(ports, { requestId: "r2", request })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await database.query("SELECT 1 FROM t_ds_workflow_instance")).rowCount).toBe(1);
  });

  test("a refusal stands: a copy of the request that comes later is not carried out, a new one is", async () => {
    const stop = { kind: "stop", workflowInstanceId: 5 } as const;
    const no = await operate(ports, { requestId: "r3", request: stop });
    expect(no).toMatchObject({ accepted: false, code: "NOT_FOUND" });
    await addWorkflow(5, X);
    expect(await operate(ports, { requestId: "r3", request: stop })).toEqual(no);
    expect((await database.query("SELECT 1 FROM t_ds_workflow_intent")).rowCount).toBe(0);
    expect(await operate(ports, { requestId: "r4", request: stop })).toMatchObject({ accepted: true });
  });
});

describe("commands", () => {
  test("the one that makes a claim of it alone fail goes aside, and no other", async () => {
    await addWorkflow(1, null, 7);
    await addWorkflow(2, null, 0);
    await database.query("UPDATE t_ds_workflow_instance SET run_times = 2147483647 WHERE id = 1");
    await database.query(
      `INSERT INTO t_ds_command (id, command_type, workflow_definition_code, workflow_instance_id)
       VALUES (11, 7, 1, 1), (12, 0, 1, 2)`,
    );
    const said: string[] = [];
    const loop = startClaimLoop({
      ports: {
        clock,
        database,
        events: { emit: ({ type }) => void said.push(type) },
        failpoints: NO_FAILPOINTS,
        log,
        me: { incarnation: X, address: "x:1" },
      },
      mayAct: () => true,
      // The poison is in the share of another master, and overdue.
      slot: () => ({ slot: 0, slots: 2 }),
      onOwned: () => undefined,
      onFenced: () => undefined,
      onUnknown: () => undefined,
      pollMs: 10,
      slotPatienceMs: 0,
    });
    await waitUntil({
      clock,
      until: async () =>
        (await database.query("SELECT 1 FROM t_ds_command")).rowCount === 0 ? true : undefined,
      withinMs: 3000,
      describe: "the commands to be gone",
    });
    await loop.stop();
    const { rows } = await database.query("SELECT id FROM t_ds_error_command");
    expect(rows).toEqual([{ id: 11 }]);
    expect(await selectWorkflow(database, 2)).toMatchObject({
      state: "RUNNING_EXECUTION",
      ownerIncarnation: X,
    });
    expect(said).toContain("command.failed");
  });
});
