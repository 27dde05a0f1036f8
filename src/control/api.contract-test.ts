import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createSystemClock, createSystemRandom, required } from "../base/index.ts";
import type { ApiReply, HttpApi } from "../rpc/index.ts";
import { type Database, migrateStore } from "../store/index.ts";
import { createPgDatabase } from "../store/pg-database.ts";
import { createControlApi } from "./index.ts";

// The operators' API on a real Postgres: what is stored, what is answered, and what is refused with which words.

const DATABASE = "api_contract";
const clock = createSystemClock();
const random = createSystemRandom();
let admin: pg.Client;
let database: Database;
let api: HttpApi;

beforeAll(async () => {
  const url = new URL(required(process.env.FAILOVER_TEST_POSTGRES_URL, "FAILOVER_TEST_POSTGRES_URL"));
  admin = new pg.Client({ connectionString: url.toString() });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  url.pathname = `/${DATABASE}`;
  await migrateStore(url.toString());
  database = createPgDatabase({ url: url.toString(), applicationName: "api", clock, queryTimeoutMs: 2000 });
  const events = { emit: () => undefined };
  api = createControlApi({ ports: () => ({ clock, database, events }), random });
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
  await database.query(
    `INSERT INTO t_ds_workflow_definition (code, name, version, project_code, release_state, timeout)
     VALUES (11, 'etl', 1, 1, 1, 0), (12, 'off', 1, 1, 0, 0), (13, 'twice', 1, 1, 1, 0), (14, 'twice', 1, 2, 1, 0)`,
  );
  await database.query(
    `INSERT INTO t_ds_task_definition (code, name, version, task_type, task_params)
     VALUES (1, 'A', 1, 'SHELL', '{}'), (2, 'B', 1, 'SHELL', '{}')`,
  );
  await database.query(
    `INSERT INTO t_ds_workflow_task_relation (workflow_definition_code, workflow_definition_version, pre_task_code,
       post_task_code, post_task_version) VALUES (11, 1, 0, 1, 1), (11, 1, 1, 2, 1)`,
  );
});

interface Call {
  readonly body?: unknown;
  readonly key?: string;
  readonly query?: string;
}

function call(method: string, path: string, { body, key, query = "" }: Call = {}): Promise<ApiReply> {
  return api({
    method,
    path: path.split("/").filter(Boolean),
    query: new Map(new URLSearchParams(query)),
    headers: new Map(key === undefined ? [] : [["idempotency-key", key]]),
    body,
  });
}

function mistakeOf(reply: ApiReply): { status: number; code: unknown; message: unknown } {
  const { error } = reply.body as { error: { code: string; message: string } };
  return { status: reply.status, code: error.code, message: error.message };
}

const idOf = (reply: ApiReply): number => (reply.body as { workflowInstanceId: number }).workflowInstanceId;

async function count(table: string): Promise<number> {
  const { rows } = await database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return rows[0]?.n ?? 0;
}

async function addInstance(state: number): Promise<number> {
  const { rows } = await database.query<{ id: number }>(
    `INSERT INTO t_ds_workflow_instance (name, workflow_definition_code, state, command_param)
     VALUES ('etl-1', 11, $1, '{"startNodes":[],"commandParams":[]}') RETURNING id`,
    [state],
  );
  return rows[0]?.id ?? 0;
}

describe("a start", () => {
  test("is stored before it is accepted, and says where to look", async () => {
    const reply = await call("POST", "v1/workflows/etl/start", {
      body: { params: { day: 3 }, startNodes: ["B"], taskDependType: "TASK_ONLY", priority: "HIGH" },
    });
    expect(reply.status).toBe(202);
    expect(reply.headers?.["location"]).toBe(`/api/v1/instances/${idOf(reply)}`);
    const { rows } = await database.query(
      `SELECT command_type, task_depend_type, workflow_instance_priority AS priority, command_param
       FROM t_ds_command WHERE workflow_instance_id = $1`,
      [idOf(reply)],
    );
    expect(rows[0]).toMatchObject({ command_type: 0, task_depend_type: 0, priority: 1 });
    expect(JSON.parse((rows[0] as { command_param: string }).command_param)).toMatchObject({
      startNodes: [2],
      commandParams: [{ prop: "day", value: "3" }],
    });
  });

  test("is done once however often it comes, also at the same time", async () => {
    const replies = await Promise.all(
      [1, 2, 3].map(() => call("POST", "v1/workflows/11/start", { key: "once", body: {} })),
    );
    replies.push(await call("POST", "v1/workflows/11/start", { key: "once", body: {} }));
    expect(new Set(replies.map(idOf)).size).toBe(1);
    expect(await count("t_ds_workflow_instance")).toBe(1);
  });

  test("under the id of another request is refused", async () => {
    await call("POST", "v1/workflows/etl/start", { key: "k", body: {} });
    const reply = await call("POST", "v1/workflows/etl/start", { key: "k", body: { dryRun: true } });
    expect(mistakeOf(reply)).toMatchObject({ status: 409, code: "REUSED" });
    expect(await count("t_ds_workflow_instance")).toBe(1);
  });

  test.each([
    ["nothing/start", {}, 404, /no workflow definition called nothing/],
    ["99/start", {}, 404, /no workflow definition 99/],
    ["off/start", {}, 409, /OFFLINE/],
    ["twice/start", {}, 409, /several workflow definitions/],
    ["etl/start", { startNodes: ["X"] }, 400, /no task X/],
    ["etl/start", { param: {} }, 400, /no field param/],
    ["etl/start", { priority: "HOT" }, 400, /priority must be one of/],
    ["etl/start", { scheduleTime: "tomorrow" }, 400, /tomorrow is no time/],
    ["etl/start", [], 400, /must be a JSON object/],
    ["etl/backfill", {}, 400, /either `dates`, or `from` and `to`/],
    ["etl/backfill", { from: "2024-08-02", to: "2024-08-01" }, 400, /no day from/],
    ["etl/backfill", { from: "2014-08-02", to: "2024-08-01" }, 400, /too many/],
    ["etl/backfill", { dates: ["2024-02-31"] }, 400, /2024-02-31 is no time/],
  ])("%s with %j is refused as %d", async (path, body, status, message) => {
    const reply = await call("POST", `v1/workflows/${path}`, { body });
    expect(mistakeOf(reply)).toEqual({
      status,
      code: expect.any(String),
      message: expect.stringMatching(message),
    });
    expect(await count("t_ds_workflow_instance")).toBe(0);
    expect(await count("t_ds_command")).toBe(0);
  });

  test("of a backfill is the instance of its oldest date", async () => {
    const reply = await call("POST", "v1/workflows/etl/backfill", {
      body: { from: "2024-08-01", to: "2024-08-03", failureStrategy: "END" },
    });
    expect(reply.status).toBe(202);
    const { rows } = await database.query<{ type: number; param: string; at: number }>(
      `SELECT c.command_type AS type, c.command_param AS param, w.schedule_time AS at
       FROM t_ds_command c JOIN t_ds_workflow_instance w ON w.id = c.workflow_instance_id`,
    );
    expect(rows[0]).toMatchObject({ type: 5, at: Date.UTC(2024, 7, 1) });
    expect(JSON.parse(rows[0]?.param ?? "{}")).toMatchObject({
      backfillTimeList: ["2024-08-01 00:00:00", "2024-08-02 00:00:00", "2024-08-03 00:00:00"],
    });
  });
});

describe("an order about an instance", () => {
  const [RUNNING, FAILURE, SUCCESS] = [1, 6, 7];

  test("is stored for whoever owns it", async () => {
    const id = await addInstance(RUNNING);
    const reply = await call("POST", `v1/instances/${id}/stop`, { key: "s" });
    expect(reply).toMatchObject({ status: 202, body: { workflowInstanceId: id, requestId: "s" } });
    const shown = await call("GET", `v1/instances/${id}`);
    expect(shown.body).toMatchObject({
      instance: { state: "RUNNING_EXECUTION", workflow: "etl" },
      orders: [{ kind: "STOP", outcome: "OPEN", requestId: "s" }],
      command: null,
    });
  });

  test("of a waiting one is carried out at once, and on record as applied", async () => {
    const id = await addInstance(0);
    await call("POST", `v1/instances/${id}/stop`, { key: "s" });
    const shown = await call("GET", `v1/instances/${id}`);
    expect(shown.body).toMatchObject({ instance: { state: "STOP" }, orders: [{ outcome: "APPLIED" }] });
  });

  test.each([
    ["stop", SUCCESS, 409, /SUCCESS cannot be stopped/],
    ["recover-failed", SUCCESS, 409, /nothing to recover/],
    ["repeat", RUNNING, 409, /still in state RUNNING_EXECUTION/],
  ])("%s in state %d is refused as %d", async (verb, state, status, message) => {
    const id = await addInstance(state);
    const reply = await call("POST", `v1/instances/${id}/${verb}`);
    expect(mistakeOf(reply)).toEqual({ status, code: "CONFLICT", message: expect.stringMatching(message) });
  });

  test("that is given twice waits for the first one", async () => {
    const id = await addInstance(FAILURE);
    expect((await call("POST", `v1/instances/${id}/recover-failed`, { key: "a" })).status).toBe(202);
    const second = await call("POST", `v1/instances/${id}/repeat`, { key: "b" });
    expect(mistakeOf(second)).toMatchObject({
      status: 409,
      message: expect.stringMatching(/a command already/),
    });
  });

  test.each([
    ["v1/instances/7/stop", 404, "NOT_FOUND"],
    ["v1/instances/x/stop", 400, "INVALID"],
    ["v1/instances/7/kill", 404, "NO_ROUTE"],
    ["v2/instances", 404, "NO_ROUTE"],
  ])("%s is refused as %d", async (path, status, code) => {
    expect(mistakeOf(await call("POST", path))).toMatchObject({ status, code });
  });

  test("with a request id that is too long is refused", async () => {
    const reply = await call("POST", "v1/workflows/etl/start", { key: "k".repeat(65), body: {} });
    expect(mistakeOf(reply)).toMatchObject({ status: 400, message: expect.stringMatching(/1 to 64/) });
  });
});

describe("views", () => {
  test("list what there is, filtered", async () => {
    const id = await addInstance(6);
    await addInstance(7);
    const list = await call("GET", "v1/instances", { query: "workflow=etl&state=FAILURE" });
    expect(list.body).toMatchObject({ instances: [{ id, state: "FAILURE" }] });
    expect((await call("GET", "v1/workflows")).body).toMatchObject({
      workflows: [{ name: "etl" }, { name: "off" }, { name: "twice" }, { name: "twice" }],
    });
    expect((await call("GET", "v1/commands")).body).toEqual({ commands: [] });
    expect((await call("GET", "v1/error-commands")).body).toEqual({ errorCommands: [] });
  });

  test.each([
    ["state=GONE", /no state GONE/],
    ["limit=0", /limit must be/],
    ["stat=1", /no parameter stat/],
  ])("%s is refused", async (query, message) => {
    const reply = await call("GET", "v1/instances", { query });
    expect(mistakeOf(reply)).toMatchObject({ status: 400, message: expect.stringMatching(message) });
  });

  test("another method is refused, and a database that is away is said so", async () => {
    expect((await call("DELETE", "v1/instances")).status).toBe(405);
    const away = createPgDatabase({
      url: "postgres://nobody@127.0.0.1:1/none",
      applicationName: "away",
      clock,
      queryTimeoutMs: 500,
    });
    const broken = createControlApi({
      ports: () => ({ clock, database: away, events: { emit: () => undefined } }),
      random,
    });
    const asked = { query: new Map(), headers: new Map(), body: {} };
    const reply = await broken({ ...asked, method: "POST", path: ["v1", "workflows", "etl", "start"] });
    expect(reply).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    await away.close();
    const closed = createControlApi({ ports: () => undefined, random });
    expect((await closed({ ...asked, method: "GET", path: ["v1", "instances"] })).status).toBe(503);
  });
});
