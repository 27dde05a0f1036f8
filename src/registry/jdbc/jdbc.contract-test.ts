import { afterAll, beforeAll, expect } from "@jest/globals";
import { Client } from "pg";
import { required } from "../../base/index.ts";
import { enter, letPass, record, until, untilEvents } from "../contract/actors.ts";
import { brokenConnections } from "../contract/broken-connections.contract.ts";
import type { GatedWorld } from "../contract/gated-world.ts";
import { describeInWorlds, describeRegistryContract } from "../registry.contract.ts";
import { migrateJdbcRegistry } from "./migrate-jdbc-registry.ts";
import { createJdbcWorld, createTestDatabase, type TestDatabase } from "./test-database.ts";

const serverUrl = required(process.env["FAILOVER_TEST_POSTGRES_URL"], "FAILOVER_TEST_POSTGRES_URL");

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(serverUrl);
  // Several nodes may migrate at once, and again.
  await Promise.all([1, 2, 3].map(() => migrateJdbcRegistry(database.url)));
  await migrateJdbcRegistry(database.url);
});

afterAll(async () => {
  const [row] = await database.query(
    "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
  );
  await database.drop();
  // R28: nothing in all of this waited for each other.
  expect(row).toEqual({ deadlocks: "0" });
});

const createWorld = (): Promise<GatedWorld> => createJdbcWorld(database.url);

describeRegistryContract("jdbc", createWorld);

describeInWorlds("jdbc registry, broken connections", createWorld, brokenConnections);

describeInWorlds("jdbc registry, by its tables", createWorld, {
  "R20: waiters for a lock try nothing while they wait": async (world) => {
    const actors = await Promise.all([1, 2, 3, 4, 5].map(() => enter(world)));
    const locks = actors.map(({ session }) => session.lock("/lock", { withinMs: 10_000 }));
    await letPass(world, 0.2);
    const attempts = async (): Promise<unknown> =>
      (await database.query("SELECT last_value FROM t_ds_jdbc_registry_lock_id_seq"))[0]?.["last_value"];
    const before = await attempts();
    await letPass(world, 2);
    expect(await attempts()).toBe(before);
    for (const lock of locks) await (await lock)?.release();
    expect(await database.query("SELECT * FROM t_ds_jdbc_registry_lock")).toEqual([]);
  },

  "R24: every beat is stored": async (world) => {
    const { session } = await enter(world);
    const beats = async (): Promise<number> => {
      const text = "SELECT beat_no FROM t_ds_jdbc_registry_client_heartbeat WHERE id = $1";
      return Number((await database.query(text, [session.id]))[0]?.["beat_no"]);
    };
    const before = await beats();
    await letPass(world, 1);
    const beaten = (await beats()) - before;
    expect(beaten).toBeGreaterThanOrEqual(4);
    expect(beaten).toBeLessThanOrEqual(6);
  },

  "R25: one whose row is deleted notices at its next beat": async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    await one.session.put("/n/a", "x", { ephemeral: true });
    const seen = await record(other.session, "/n");
    await database.query("DELETE FROM t_ds_jdbc_registry_client_heartbeat WHERE id = $1", [one.session.id]);
    await untilEvents(world, seen, 1);
    await until(world, "the loss", () => one.states.at(-1) === "LOST");
    expect(one.states).toEqual(["LOST"]);
    expect(seen.events).toMatchObject([{ type: "REMOVED", value: "x", sessionId: one.session.id }]);
  },

  "R25: one whose row is deleted cannot put an ephemeral node any more, and is told": async (world) => {
    const { session, states } = await enter(world);
    await letPass(world, 0.05);
    await database.query("DELETE FROM t_ds_jdbc_registry_client_heartbeat WHERE id = $1", [session.id]);
    await expect(session.put("/n/a", "x", { ephemeral: true })).rejects.toMatchObject({
      code: "SESSION_LOST",
    });
    expect(states).toEqual(["LOST"]);
    expect(
      await database.query("SELECT * FROM t_ds_jdbc_registry_data WHERE client_id = $1", [session.id]),
    ).toEqual([]);
  },

  "clusters with other roots see nothing of each other": async (world) => {
    const foreign = await createJdbcWorld(database.url);
    try {
      const [one, other] = [await enter(world), await enter(foreign)];
      const seen = await record(other.session, "/");
      await one.session.put("/n/a", "x", { ephemeral: true });
      const lock = await one.session.lock("/lock", { withinMs: 1000 });
      expect(await other.session.lock("/lock", { withinMs: 1000 })).toBeDefined();
      expect(await other.session.get("/n/a")).toBeUndefined();
      expect(await other.session.children("/")).toEqual([]);
      await lock?.release();
      await one.kill();
      await letPass(world, 1.5);
      expect(seen.events).toEqual([]);
    } finally {
      await foreign.close();
    }
  },

  "a row that somebody keeps locked delays one operation, not the heart": async (world) => {
    const { session, states } = await enter(world);
    await session.put("/n/a", "x", { ephemeral: false });
    const blocker = new Client(database.url);
    await blocker.connect();
    await blocker.query("BEGIN; SELECT * FROM t_ds_jdbc_registry_data WHERE data_key = '/n/a' FOR UPDATE");
    const begunMs = world.clock.monotonicMs();
    await expect(session.put("/n/a", "y", { ephemeral: false })).rejects.toMatchObject({
      name: "RegistryError",
    });
    expect(world.clock.monotonicMs() - begunMs).toBeLessThan(1500);
    await letPass(world, 1);
    await blocker.end();
    expect(states).toEqual([]);
    await session.put("/n/a", "z", { ephemeral: false });
    expect(await session.get("/n/a")).toMatchObject({ value: "z" });
  },
});

describeInWorlds(
  "jdbc registry without its tables",
  () => createJdbcWorld(serverUrl.replace(/[^/]*$/, "template1")),
  {
    "says that it has to be migrated": async (world) => {
      const client = await world.createClient();
      const opening = client.registry.open({ sessionTimeoutMs: 1000, withinMs: 3000 });
      await expect(opening).rejects.toMatchObject({
        code: "INVALID",
        message: expect.stringContaining("migrate"),
      });
    },
  },
);
