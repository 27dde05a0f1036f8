import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createSystemClock, required } from "../base/index.ts";
import { type Database, sqlTime } from "./database.ts";
import { endInSerialWait } from "./end-waiting.ts";
import { insertIntent } from "./intents.ts";
import { migrateStore } from "./migrate.ts";
import { createPgDatabase } from "./pg-database.ts";
import { selectCommandsBehindOthers, setHolder, settleGate } from "./serial-gates.ts";
import { askForSlot, freeSlotOfTask, repairGroup } from "./task-slots.ts";
import { cloneTask } from "./tasks.ts";
import { finishWorkflow, lockWorkflows } from "./workflows.ts";

// What the serial gates and the task groups promise, on a real Postgres, with transactions that overlap.

const DATABASE = "gates_contract";
const CODE = 1;
const GROUP = 1;
const OWNER = "00000000-0000-4000-8000-00000000000a";
const nowMs = 1_700_000_000_000;
const WAITS = 14;
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
  const clock = createSystemClock();
  const options = { url: url.toString(), applicationName: "contract", clock, queryTimeoutMs: 2000 };
  database = createPgDatabase(options);
});

afterAll(async () => {
  await database.close();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.end();
});

beforeEach(async () => {
  const tables =
    "workflow_definition workflow_instance task_instance command serial_gate workflow_intent task_group_queue " +
    "task_group";
  for (const table of tables.split(" ")) await database.query(`DELETE FROM t_ds_${table}`);
  await database.query(
    `INSERT INTO t_ds_workflow_definition (code, name, version, execution_type) VALUES (${CODE}, 'w', 1, 1)`,
  );
  await database.query(
    `INSERT INTO t_ds_task_group (id, name, group_size, use_size) VALUES (${GROUP}, 'db', 1, 0)`,
  );
});

async function addWorkflow(id: number, state: number): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_workflow_instance (id, name, workflow_definition_code, state, owner_incarnation, owner_epoch,
       serial_ticket) VALUES ($1, 'w', ${CODE}, $2, $3, 1, $4)`,
    [id, state, state === WAITS ? null : OWNER, state === WAITS ? id : null],
  );
}

async function addTask(id: number, workflowInstanceId: number, state = 1): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_task_instance (id, name, task_code, workflow_instance_id, state, flag, task_group_id)
     VALUES ($1, 'a', 1, $2, $3, 1, ${GROUP})`,
    [id, workflowInstanceId, state],
  );
}

async function hold(holder: number): Promise<void> {
  await database.transaction(async (tx) => {
    await settleGate(tx, CODE, nowMs);
    await setHolder(tx, CODE, holder);
  });
}

const finish = (id: number) => async (tx: Parameters<Parameters<Database["transaction"]>[0]>[0]) => {
  await lockWorkflows(tx, [id]);
  await finishWorkflow(tx, id, { state: "SUCCESS", varPool: null, nowMs });
};
const stopWaiting = (id: number) => async (tx: Parameters<Parameters<Database["transaction"]>[0]>[0]) => {
  await lockWorkflows(tx, [id]);
  await endInSerialWait(tx, { workflowInstanceId: id, state: "STOP", nowMs });
};

async function gateAndCommands() {
  const gates = await database.query<{ holder: number | null }>("SELECT holder FROM t_ds_serial_gate");
  const commands = await database.query<{ type: number; id: number }>(
    "SELECT command_type AS type, workflow_instance_id AS id FROM t_ds_command ORDER BY 2",
  );
  return { holder: gates.rows[0]?.holder, commands: commands.rows };
}

/** Two transactions: the first has done its work and is open when the second begins. */
async function overlapping(
  first: Parameters<Database["transaction"]>[0],
  second: Parameters<Database["transaction"]>[0],
): Promise<void> {
  let release: () => void = () => undefined;
  let arrive: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const one = database.transaction(async (tx) => {
    await first(tx);
    arrive();
    await released;
  });
  await arrived;
  const other = database.transaction(second);
  // Long enough for the second one to come to the lock that the first one holds.
  await createSystemClock().sleep(150);
  release();
  await Promise.all([one, other]);
}

describe("a serial gate", () => {
  beforeEach(async () => {
    await addWorkflow(1, 1);
    await addWorkflow(2, WAITS);
    await addWorkflow(3, WAITS);
    await hold(1);
  });

  test("an end names the next one and calls it in", async () => {
    await database.transaction(finish(1));
    expect(await gateAndCommands()).toEqual({ holder: 2, commands: [{ type: 11, id: 2 }] });
  });

  test("the next one is stopped while an end names it: the one behind it is called in", async () => {
    await overlapping(finish(1), stopWaiting(2));
    expect(await gateAndCommands()).toEqual({ holder: 3, commands: [{ type: 11, id: 3 }] });
  });

  test("an end comes while the next one is being stopped: it names the one behind it", async () => {
    await overlapping(stopWaiting(2), finish(1));
    expect(await gateAndCommands()).toEqual({ holder: 3, commands: [{ type: 11, id: 3 }] });
  });

  test("who comes to the gate while it is passed on finds it held", async () => {
    let seen: unknown;
    await overlapping(finish(1), async (tx) => {
      seen = await settleGate(tx, CODE, nowMs);
    });
    expect(seen).toEqual({ holder: { id: 2, waits: true }, others: [{ id: 3, waits: true }] });
  });

  test("an order to stop that is stored while its instance ends is moot", async () => {
    const order = { workflowInstanceId: 1, kind: "STOP", requestId: "serial-4-1", nowMs } as const;
    await overlapping(async (tx) => {
      await settleGate(tx, CODE, nowMs);
      await insertIntent(tx, order);
    }, finish(1));
    const { rows } = await database.query("SELECT outcome FROM t_ds_workflow_intent");
    expect(rows).toEqual([{ outcome: "MOOT" }]);
  });

  test("a command is behind an earlier one that another master is claiming", async () => {
    for (const id of [10, 11]) {
      await database.query(
        `INSERT INTO t_ds_command (id, command_type, workflow_definition_code, workflow_instance_priority, start_time)
         VALUES ($1, 0, ${CODE}, 2, $2)`,
        [id, sqlTime(nowMs)],
      );
    }
    let behind: ReadonlySet<number> = new Set();
    await overlapping(
      async (tx) => void (await tx.query("DELETE FROM t_ds_command WHERE id = 10")),
      async (tx) => {
        behind = await selectCommandsBehindOthers(tx, [11], [CODE]);
      },
    );
    expect([...behind]).toEqual([11]);
    expect([...(await selectCommandsBehindOthers(database, [11], [CODE]))]).toEqual([]);
  });
});

describe("a task group with one slot", () => {
  const ask = (taskId: number, priority = 0) => ({
    groupId: GROUP,
    taskId,
    taskName: "a",
    workflowInstanceId: taskId - 100,
    priority,
    nowMs,
  });
  const asks = (taskId: number, priority?: number) =>
    database.transaction((tx) => askForSlot(tx, ask(taskId, priority)));

  beforeEach(async () => {
    for (const id of [1, 2, 3]) {
      await addWorkflow(id, 1);
      await addTask(100 + id, id, 0);
    }
  });

  async function held(): Promise<unknown> {
    const { rows } = await database.query<{ taskId: number; use: number }>(
      `SELECT task_id AS "taskId", use_size AS use FROM t_ds_task_group_queue q
       JOIN t_ds_task_group g ON g.id = q.group_id
       WHERE q.status = 1`,
    );
    return rows;
  }

  test("two that ask at the same time: one gets it", async () => {
    await overlapping(
      async (tx) => void (await askForSlot(tx, ask(101))),
      async (tx) => void (await askForSlot(tx, ask(102))),
    );
    expect(await held()).toEqual([{ taskId: 101, use: 1 }]);
    expect(await asks(101)).toBe(true);
    expect(await asks(102)).toBe(false);
  });

  test("the larger priority goes first; one whose workflow nobody owns holds up nobody", async () => {
    expect(await asks(101)).toBe(true);
    expect(await asks(102)).toBe(false);
    expect(await asks(103, 5)).toBe(false);
    await database.transaction((tx) => freeSlotOfTask(tx, 101));
    expect(await asks(102)).toBe(false);
    await database.query(
      "UPDATE t_ds_workflow_instance SET state = 18, owner_incarnation = NULL WHERE id = 3",
    );
    expect(await asks(102)).toBe(true);
  });

  test("a slot that moves to a successor is not taken for a stale one", async () => {
    expect(await asks(101)).toBe(true);
    await database.query("UPDATE t_ds_task_instance SET state = 1 WHERE id = 101");
    const clone = { reason: "failover", from: ["RUNNING_EXECUTION"], epoch: 1, nowMs } as const;
    let freed: readonly number[] = [0];
    await overlapping(
      async (tx) => void (await cloneTask(tx, 101, clone)),
      async (tx) => {
        freed = await repairGroup(tx, GROUP);
      },
    );
    expect(freed).toEqual([]);
    expect(await held()).toEqual([{ taskId: expect.any(Number), use: 1 }]);
    await database.query("DELETE FROM t_ds_task_instance WHERE flag = 1 AND workflow_instance_id = 1");
    expect(await database.transaction((tx) => repairGroup(tx, GROUP))).toHaveLength(1);
    expect(await held()).toEqual([]);
  });
});
