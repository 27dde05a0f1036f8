import { expect } from "@jest/globals";
import { Client } from "pg";
import { enter, letPass, record, until, untilEvents } from "../contract/actors.ts";
import type { GatedWorld } from "../contract/gated-world.ts";
import { createJdbcWorld, type TestDatabase } from "./test-database.ts";

/** What only the JDBC registry can be asked, since its tables can be looked at and changed behind its back. */
export function checksByTables(
  databaseOfTests: () => TestDatabase,
): Readonly<Record<string, (world: GatedWorld) => Promise<void>>> {
  const query: TestDatabase["query"] = (text, values) => databaseOfTests().query(text, values);
  return {
    "R20: waiters for a lock try nothing while they wait": async (world) => {
      const actors = await Promise.all([1, 2, 3, 4, 5].map(() => enter(world)));
      const locks = actors.map(({ session }) => session.lock("/lock/r20", { withinMs: 10_000 }));
      await letPass(world, 0.2);
      const attempts = async (): Promise<unknown> =>
        (await query("SELECT last_value FROM t_ds_jdbc_registry_lock_id_seq"))[0]?.["last_value"];
      const before = await attempts();
      await letPass(world, 2);
      expect(await attempts()).toBe(before);
      for (const lock of locks) await (await lock)?.release();
      expect(await query("SELECT * FROM t_ds_jdbc_registry_lock WHERE lock_key = '/lock/r20'")).toEqual([]);
    },

    "R24: every beat is stored": async (world) => {
      const { session } = await enter(world);
      const beats = async (): Promise<number> => {
        const text = "SELECT beat_no FROM t_ds_jdbc_registry_client_heartbeat WHERE id = $1";
        return Number((await query(text, [session.id]))[0]?.["beat_no"]);
      };
      const before = await beats();
      await letPass(world, 1);
      const beaten = (await beats()) - before;
      expect(beaten).toBeGreaterThanOrEqual(4);
      expect(beaten).toBeLessThanOrEqual(6);
    },

    "R25 (DS-18274): one whose row is deleted notices at its next beat": async (world) => {
      const [one, other] = [await enter(world), await enter(world)];
      await one.session.put("/n/a", "x", { ephemeral: true });
      const seen = await record(other.session, "/n");
      await query("DELETE FROM t_ds_jdbc_registry_client_heartbeat WHERE id = $1", [one.session.id]);
      await untilEvents(world, seen, 1);
      await until(world, "the loss", () => one.states.at(-1) === "LOST");
      expect(one.states).toEqual(["LOST"]);
      expect(seen.events).toMatchObject([{ type: "REMOVED", value: "x", sessionId: one.session.id }]);
    },

    "R25: one whose row is deleted cannot put an ephemeral node any more, and is told": async (world) => {
      const { session, states } = await enter(world);
      await letPass(world, 0.05);
      await query("DELETE FROM t_ds_jdbc_registry_client_heartbeat WHERE id = $1", [session.id]);
      await expect(session.put("/n/a", "x", { ephemeral: true })).rejects.toMatchObject({
        code: "SESSION_LOST",
      });
      expect(states).toEqual(["LOST"]);
      expect(await query("SELECT * FROM t_ds_jdbc_registry_data WHERE client_id = $1", [session.id])).toEqual(
        [],
      );
    },

    "clusters with other roots see nothing of each other": async (world) => {
      const foreign = await createJdbcWorld(databaseOfTests().url);
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
      const blocker = new Client(databaseOfTests().url);
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

    "without its tables it says that it has to be migrated": async () => {
      const world = await createJdbcWorld(databaseOfTests().url.replace(/[^/]*$/, "template1"));
      try {
        const client = await world.createClient();
        const opening = client.registry.open({ sessionTimeoutMs: 1000, withinMs: 3000 });
        await expect(opening).rejects.toMatchObject({
          code: "INVALID",
          message: expect.stringContaining("migrate"),
        });
      } finally {
        await world.close();
      }
    },

    "R28: in all of this nothing waited for each other": async () => {
      const [row] = await query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
      expect(row).toEqual({ deadlocks: "0" });
    },
  };
}
