import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createSystemClock, required } from "../base/index.ts";
import { lockCommands } from "./commands.ts";
import { type Database, FencedError, NotOwnerError } from "./database.ts";
import { adoptFailover, advanceSweep, fenceServer, lockSweep, sweepBatch } from "./failovers.ts";
import { migrateStore } from "./migrate.ts";
import { createPgDatabase } from "./pg-database.ts";
import { lockAndLook, storeReport } from "./reports.ts";
import {
  advanceSession,
  assertSelf,
  insertJoining,
  insertSeenWorkers,
  markAlive,
  recordLeft,
} from "./servers.ts";
import { cloneTask } from "./tasks.ts";
import { assertOwned, changeWorkflowState, repairLostCommands, selectWorkflow } from "./workflows.ts";

// What OWNERSHIP promises of the SQL, on a real Postgres, with transactions that overlap.

const X = "00000000-0000-4000-8000-00000000000a";
const Y = "00000000-0000-4000-8000-00000000000b";
const W = "00000000-0000-4000-8000-0000000000ff";
const DATABASE = "ownership_contract";
const clock = createSystemClock();
const nowMs = 1_700_000_000_000;
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
  database = createPgDatabase({
    url: url.toString(),
    applicationName: "contract",
    clock,
    queryTimeoutMs: 2000,
  });
});

afterAll(async () => {
  await database.close();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.end();
});

beforeEach(async () => {
  for (const table of [
    "server",
    "failover",
    "workflow_instance",
    "task_instance",
    "command",
    "task_report",
    "failover_audit",
  ]) {
    await database.query(`DELETE FROM t_ds_${table}`);
  }
  for (const incarnation of [X, Y]) {
    await insertJoining(database, {
      incarnation,
      kind: "master",
      address: `${incarnation.at(-1)}:1`,
      startupTime: nowMs,
    });
    await markAlive(database, incarnation);
  }
});

async function addWorkflow(id: number, owner: string | null, state = 1): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_workflow_instance (id, name, workflow_definition_code, state, owner_incarnation, owner_epoch)
     VALUES ($1, 'w', 1, $2, $3, 1)`,
    [id, state, owner],
  );
}

async function addTask(id: number, workflowInstanceId: number): Promise<void> {
  await database.query(
    `INSERT INTO t_ds_task_instance (id, name, task_code, workflow_instance_id, state, flag,
       worker_incarnation, dispatch_no)
     VALUES ($1, 'a', 1, $2, 1, 1, $3, 1)`,
    [id, workflowInstanceId, W],
  );
}

const target = { incarnation: X, kind: "master", address: "x:1" } as const;
const fenceX = () => database.transaction((tx) => fenceServer(tx, { me: Y, target, sessionNo: 1, nowMs }));

/** A transaction that stays open until it is told to go on. */
function openTransaction(work: Parameters<Database["transaction"]>[0]): {
  ready: Promise<void>;
  finish(): Promise<void>;
} {
  let release: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const ready = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const done = database.transaction(async (tx) => {
    await work(tx);
    arrived();
    await gate;
  });
  return {
    ready,
    async finish() {
      release();
      await done;
    },
  };
}

/** Whether a promise is still open after other statements had time to pass. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol("open");
  return (await Promise.race([promise, clock.sleep(100).then(() => open)])) === open;
}

describe("the fence", () => {
  test("waits for a claim that is under way, and no claim commits after it", async () => {
    const claim = openTransaction((tx) => assertSelf(tx, X));
    await claim.ready;
    const fence = fenceX();
    expect(await isWaiting(fence)).toBe(true);
    await claim.finish();
    expect(await fence).toMatchObject({ incarnation: X, rescuer: Y });
    await expect(database.transaction((tx) => assertSelf(tx, X))).rejects.toThrow(FencedError);
  });

  test("is done once, whoever tries", async () => {
    const holds = await Promise.all([fenceX(), fenceX(), fenceX()]);
    expect(holds.filter((hold) => hold !== undefined)).toHaveLength(1);
  });

  test("does not strike a life that has a newer session", async () => {
    expect(await advanceSession(database, X, 2)).toBe(true);
    expect(await fenceX()).toBeUndefined();
    await database.transaction((tx) => assertSelf(tx, X));
  });

  test("a fenced incarnation fences nobody", async () => {
    await fenceX();
    const other = { incarnation: Y, kind: "master", address: "y:1" } as const;
    const revenge = database.transaction((tx) =>
      fenceServer(tx, { me: X, target: other, sessionNo: 1, nowMs }),
    );
    await expect(revenge).rejects.toThrow(FencedError);
  });

  test("a worker that was fenced stays fenced when it is seen again", async () => {
    const worker = { incarnation: W, address: "w:1", startupTime: nowMs, sessionNo: 1 };
    await insertSeenWorkers(database, [worker]);
    const dead = { incarnation: W, kind: "worker", address: "w:1" } as const;
    await database.transaction((tx) => fenceServer(tx, { me: Y, target: dead, sessionNo: 1, nowMs }));
    await insertSeenWorkers(database, [worker]);
    const { rows } = await database.query<{ state: string }>(
      "SELECT state FROM t_ds_server WHERE incarnation = $1",
      [W],
    );
    expect(rows).toEqual([{ state: "FENCED" }]);
  });
});

test("a worker that left before it was on record is never on record as alive", async () => {
  await recordLeft(database, { incarnation: W, address: "w:1", nowMs });
  await insertSeenWorkers(database, [{ incarnation: W, address: "w:1", startupTime: nowMs, sessionNo: 1 }]);
  const dead = { incarnation: W, kind: "worker", address: "w:1" } as const;
  const fence = database.transaction((tx) => fenceServer(tx, { me: Y, target: dead, sessionNo: 1, nowMs }));
  expect(await fence).toBeUndefined();
});

describe("the owner's condition", () => {
  const own = { workflowInstanceId: 1, incarnation: X, epoch: 1 };

  test("holds for the owner in its epoch, and for nobody else", async () => {
    await addWorkflow(1, X);
    await database.transaction((tx) => assertOwned(tx, own, "a test"));
    await expect(
      database.transaction((tx) => assertOwned(tx, { ...own, epoch: 2 }, "a test")),
    ).rejects.toThrow(NotOwnerError);
    await expect(
      database.transaction((tx) => assertOwned(tx, { ...own, incarnation: Y }, "a test")),
    ).rejects.toThrow(NotOwnerError);
  });

  test("does not hold for a finished workflow", async () => {
    await addWorkflow(1, X, 7);
    await expect(database.transaction((tx) => assertOwned(tx, own, "a test"))).rejects.toThrow(NotOwnerError);
  });

  test("a write that meets a take-over under way waits, and then changes nothing", async () => {
    await addWorkflow(1, X);
    const takeOver = openTransaction((tx) =>
      tx.query("UPDATE t_ds_workflow_instance SET owner_incarnation = $1, owner_epoch = 2 WHERE id = 1", [Y]),
    );
    await takeOver.ready;
    const write = database.transaction(async (tx) => {
      await assertOwned(tx, own, "a late write");
      await changeWorkflowState(tx, 1, { from: ["RUNNING_EXECUTION"], to: "READY_STOP", nowMs });
    });
    expect(await isWaiting(write.catch(() => undefined))).toBe(true);
    await takeOver.finish();
    await expect(write).rejects.toThrow(NotOwnerError);
    expect(await selectWorkflow(database, 1)).toMatchObject({
      state: "RUNNING_EXECUTION",
      ownerIncarnation: Y,
    });
  });
});

describe("the sweep", () => {
  const sweep = (cursor: number, waitForLocks: boolean, limit = 2) =>
    database.transaction((tx) =>
      sweepBatch(tx, { me: Y, scope: { ownerIncarnation: X }, cursor, limit, waitForLocks, nowMs }),
    );

  test("moves unfinished workflows to nobody, in batches by id, with one command each", async () => {
    for (const [id, state] of [
      [1, 1],
      [2, 2],
      [3, 4],
      [4, 7],
      [5, 0],
    ] as const)
      await addWorkflow(id, X, state);
    await addWorkflow(6, Y);
    expect((await sweep(0, false)).map((row) => [row.id, row.epoch, row.was])).toEqual([
      [1, 2, "RUNNING_EXECUTION"],
      [2, 2, "READY_PAUSE"],
    ]);
    expect((await sweep(2, false)).map((row) => row.id)).toEqual([3]);
    expect(await sweep(0, true)).toEqual([]);
    const { rows } = await database.query(
      `SELECT workflow_instance_id AS id, command_type AS type, command_param::json ->> 'workflowExecutionStatus' AS was
       FROM t_ds_command ORDER BY 1`,
    );
    expect(rows).toEqual([
      { id: 1, type: 2, was: "RUNNING_EXECUTION" },
      { id: 2, type: 2, was: "READY_PAUSE" },
      { id: 3, type: 2, was: "READY_STOP" },
    ]);
    expect(await selectWorkflow(database, 6)).toMatchObject({
      state: "RUNNING_EXECUTION",
      ownerIncarnation: Y,
    });
  });

  test("leaves a locked row behind in the first pass, and waits for it in the last", async () => {
    for (const id of [1, 2, 3]) await addWorkflow(id, X);
    const write = openTransaction((tx) =>
      assertOwned(tx, { workflowInstanceId: 1, incarnation: X, epoch: 1 }, "a write"),
    );
    await write.ready;
    expect((await sweep(0, false)).map((row) => row.id)).toEqual([2, 3]);
    const last = sweep(0, true);
    expect(await isWaiting(last)).toBe(true);
    await write.finish();
    expect((await last).map((row) => row.id)).toEqual([1]);
  });

  test("a rescuer whose sweep was taken over moves nothing any more", async () => {
    const hold = required(await fenceX(), "hold");
    const adopted = await database.transaction((tx) => adoptFailover(tx, Y, hold));
    expect(adopted).toMatchObject({ token: hold.token + 1 });
    expect(await database.transaction((tx) => lockSweep(tx, hold))).toBe(false);
    expect(await database.transaction((tx) => adoptFailover(tx, Y, hold))).toBeUndefined();
    await database.transaction((tx) =>
      advanceSweep(tx, required(adopted, "hold"), { cursor: 5, workflows: 1, nowMs }),
    );
  });

  test("a workflow in FAILOVER without a command gets one, once", async () => {
    await addWorkflow(1, null, 18);
    expect(await database.transaction((tx) => repairLostCommands(tx, nowMs))).toEqual([1]);
    expect(await database.transaction((tx) => repairLostCommands(tx, nowMs))).toEqual([]);
  });
});

describe("commands", () => {
  test("two claimants that believe in the same slot never take the same command", async () => {
    for (let id = 1; id <= 20; id += 1) {
      await database.query(
        "INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_instance_id) VALUES (0, 1, $1)",
        [id],
      );
    }
    const fetch = { slot: 0, slots: 1, overdueUpTo: 0, limit: 10 };
    const first: number[] = [];
    const open = openTransaction(
      async (tx) => void first.push(...(await lockCommands(tx, fetch)).map((row) => row.id)),
    );
    await open.ready;
    const second = await database.transaction(async (tx) =>
      (await lockCommands(tx, fetch)).map((row) => row.id),
    );
    await open.finish();
    expect(first).toHaveLength(10);
    expect(second).toHaveLength(10);
    expect(new Set([...first, ...second]).size).toBe(20);
  });
});

describe("the inbox", () => {
  const report = {
    taskInstanceId: 1000,
    dispatchNo: 1,
    workerIncarnation: W,
    seq: 2,
    kind: "FINISHED",
    payload: "{}",
    nowMs,
  };
  beforeEach(async () => {
    await addWorkflow(1, X);
    await addTask(1000, 1);
  });

  test("stores what is wanted, once, and nothing of an older delivery or another worker", async () => {
    const store = (more: object) => database.transaction((tx) => storeReport(tx, { ...report, ...more }));
    expect(await store({})).toEqual({ workflowInstanceId: 1 });
    expect(await store({})).toEqual({ workflowInstanceId: 1 });
    expect(await store({ dispatchNo: 0 })).toBeUndefined();
    expect(await store({ workerIncarnation: X })).toBeUndefined();
    expect((await database.query("SELECT 1 FROM t_ds_task_report")).rowCount).toBe(1);
  });

  test("a report that is just being stored is seen before the attempt is replaced", async () => {
    const storing = openTransaction((tx) => storeReport(tx, report));
    await storing.ready;
    const replace = database.transaction(async (tx) => {
      if (await lockAndLook(tx, 1000, 1)) return "reported";
      await cloneTask(tx, 1000, { reason: "failover", from: ["RUNNING_EXECUTION"], epoch: 1, nowMs });
      return "replaced";
    });
    expect(await isWaiting(replace)).toBe(true);
    await storing.finish();
    expect(await replace).toBe("reported");
  });

  test("nothing is stored for an attempt that was replaced", async () => {
    await database.transaction((tx) =>
      cloneTask(tx, 1000, { reason: "failover", from: ["RUNNING_EXECUTION"], epoch: 1, nowMs }),
    );
    expect(await database.transaction((tx) => storeReport(tx, report))).toBeUndefined();
  });
});
