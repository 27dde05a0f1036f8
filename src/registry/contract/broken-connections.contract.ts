import { expect } from "@jest/globals";
import { required } from "../../base/index.ts";
import { openSession, record, until } from "./actors.ts";
import type { GatedWorld } from "./gated-world.ts";

/** What becomes of a session when its real connections break half-way, or only seem to stand. */
export const brokenConnections: Readonly<Record<string, (world: GatedWorld) => Promise<void>>> = {
  "a change is UNKNOWN or done, and the session lives on": async (world) => {
    const client = await world.createClient();
    const session = await openSession(world, client);
    for (let round = 0; round < 5; round += 1) {
      client.tear();
      const outcome = await session
        .put("/n/a", String(round), { ephemeral: true })
        .catch((error: unknown) => error);
      if (outcome !== undefined) expect(outcome).toMatchObject({ code: "UNKNOWN" });
      await session.put("/n/a", `${round} again`, { ephemeral: true });
      expect(await session.get("/n/a")).toMatchObject({ value: `${round} again` });
    }
    expect(session.state).not.toBe("LOST");
  },

  "a question is asked again": async (world) => {
    const client = await world.createClient();
    const session = await openSession(world, client);
    await session.put("/n/a", "x".repeat(1000), { ephemeral: true });
    for (let round = 0; round < 10; round += 1) {
      client.tear();
      expect((await session.get("/n/a"))?.value).toHaveLength(1000);
      expect(await session.children("/n")).toEqual(["a"]);
    }
  },

  "a request for a lock is neither repeated nor left behind": async (world) => {
    const client = await world.createClient();
    const session = await openSession(world, client);
    const other = await openSession(world, await world.createClient());
    for (let round = 0; round < 5; round += 1) {
      client.tear();
      const lock = await session.lock("/lock/x", { withinMs: 1000 }).catch(() => undefined);
      await lock?.release();
      const next = required(await other.lock("/lock/x", { withinMs: 2000 }), "the lock");
      await next.release();
    }
  },

  "Z1: connections that went silent for good are given up in time, and the session lives on": async (
    world,
  ) => {
    const client = await world.createClient();
    const session = await openSession(world, client);
    const states: string[] = [];
    session.onState((state) => states.push(state));
    const seen = await record(session, "/n");
    const other = await openSession(world, await world.createClient());
    client.strand();
    await other.put("/n/a", "x", { ephemeral: false });
    await until(world, "the change", () => seen.events.length === 1);
    await world.clock.sleep(world.sessionTimeoutMs);
    expect(session.state).toBe("CONNECTED");
    expect(states).not.toContain("LOST");
    expect(await session.get("/n/a")).toMatchObject({ value: "x" });
  },

  "a watch goes on": async (world) => {
    const client = await world.createClient();
    const session = await openSession(world, client);
    const other = await openSession(world, await world.createClient());
    const seen = await record(session, "/n");
    for (let round = 0; round < 10; round += 1) {
      client.tear();
      await other.put("/n/a", String(round), { ephemeral: false });
      await until(world, `round ${round}`, () => seen.events.at(-1)?.value === String(round));
    }
    expect(seen.snapshots).toHaveLength(1);
  },
};
