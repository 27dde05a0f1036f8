import { expect } from "@jest/globals";
import { enter, letPass, record, replay, until, untilEvents } from "./actors.ts";
import type { InWorld } from "./world.ts";

const PERSISTENT = { ephemeral: false };

export function checkWatches(inWorld: InWorld): void {
  inWorld("R03: shows what is there once, sorted, before `watch` returns", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    for (const path of ["/n/c", "/n/a", "/n/b"])
      await one.session.put(path, `value of ${path}`, { ephemeral: true });
    const seen = await record(other.session, "/n");
    expect(seen.snapshots).toEqual([
      ["/n/a", "/n/b", "/n/c"].map((path) => ({
        path,
        value: `value of ${path}`,
        sessionId: one.session.id,
      })),
    ]);
  });

  inWorld(
    "R02 (DS-14658, DS-18296, DS-18640): tells arrival, change and removal, with the owner and the last value",
    async (world) => {
      const [one, other] = [await enter(world), await enter(world)];
      const seen = await record(other.session, "/n");
      const sessionId = one.session.id;
      await one.session.put("/n/a", "1", { ephemeral: true });
      await untilEvents(world, seen, 1);
      await one.session.put("/n/a", "2", { ephemeral: true });
      await untilEvents(world, seen, 2);
      await one.session.delete("/n/a");
      await untilEvents(world, seen, 3);
      expect(seen.snapshots).toEqual([[]]);
      expect(seen.events).toEqual([
        { type: "ADDED", path: "/n/a", value: "1", sessionId },
        { type: "UPDATED", path: "/n/a", value: "2", sessionId },
        { type: "REMOVED", path: "/n/a", value: "2", sessionId },
      ]);
    },
  );

  inWorld(
    "R35: sees the node itself and whole segments only, and no parents that came by themselves",
    async (world) => {
      const { session } = await enter(world);
      const seen = await record(session, "/n/m");
      await session.put("/n/m-lock/x", "foreign", PERSISTENT);
      await session.put("/n", "foreign", PERSISTENT);
      await session.put("/n/m/deep/down", "1", PERSISTENT);
      await untilEvents(world, seen, 1);
      await session.put("/n/m", "itself", PERSISTENT);
      await untilEvents(world, seen, 2);
      expect(seen.events.map(({ type, path }) => `${type} ${path}`)).toEqual([
        "ADDED /n/m/deep/down",
        "ADDED /n/m",
      ]);
    },
  );

  inWorld("watches from the root, without seeing locks", async (world) => {
    const { session } = await enter(world);
    const seen = await record(session, "/");
    const lock = await session.lock("/lock/x", { withinMs: 1000 });
    await session.put("/n/a", "1", PERSISTENT);
    await untilEvents(world, seen, 1);
    await lock?.release();
    await session.delete("/n/a");
    await untilEvents(world, seen, 2);
    expect(seen.events.map(({ type, path }) => `${type} ${path}`)).toEqual(["ADDED /n/a", "REMOVED /n/a"]);
  });

  inWorld("R06: many fast changes of one node end with its last value, in order", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    const seen = await record(other.session, "/n");
    for (let value = 1; value <= 200; value += 1)
      await one.session.put("/n/a", String(value), { ephemeral: true });
    await until(world, "the last value", () => seen.events.at(-1)?.value === "200");
    const values = seen.events.map((event) => Number(event.value));
    expect(values).toEqual([...values].sort((left, right) => left - right));
    expect(seen.events.filter(({ type }) => type !== "UPDATED")).toHaveLength(1);
  });

  inWorld("R04, R05: of many writers at once no event is lost", async (world) => {
    const observer = await enter(world);
    const seen = await record(observer.session, "/n");
    const writers = await Promise.all(Array.from({ length: 8 }, () => enter(world)));
    await Promise.all(
      writers.map(async ({ session }, writer) => {
        for (let node = 0; node < 30; node += 1) await session.put(`/n/${writer}/${node}`, "x", PERSISTENT);
      }),
    );
    await until(world, "all nodes", () => replay(seen).size === 240);
    await Promise.all(writers.map(({ session }, writer) => session.delete(`/n/${writer}`)));
    await until(world, "no nodes", () => replay(seen).size === 0);
    expect(seen.events).toHaveLength(480);
  });

  inWorld("calls do not overlap, and one that throws does not end the stream", async (world) => {
    const { session } = await enter(world);
    let running = 0;
    let most = 0;
    const order: string[] = [];
    const slow = async (what: string): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await world.clock.sleep(5);
      running -= 1;
      order.push(what);
      if (what === "/n/1") throw new Error("on purpose: the watcher of a test");
    };
    await session.watch("/n", { snapshot: () => slow("snapshot"), event: ({ path }) => slow(path) });
    for (const name of ["0", "1", "2", "3"]) await session.put(`/n/${name}`, "x", PERSISTENT);
    await until(world, "all calls", () => order.length === 5);
    expect(order).toEqual(["snapshot", "/n/0", "/n/1", "/n/2", "/n/3"]);
    expect(most).toBe(1);
  });

  inWorld("several watches see the same, and a closed one nothing more", async (world) => {
    const { session } = await enter(world);
    const watches = await Promise.all(["/n", "/n", "/n/a", "/n"].map((prefix) => record(session, prefix)));
    await session.put("/n/a", "1", PERSISTENT);
    for (const seen of watches) await untilEvents(world, seen, 1);
    await watches[0]?.watch.close();
    await session.delete("/n/a");
    for (const seen of watches.slice(1)) await untilEvents(world, seen, 2);
    expect(watches.map(({ events }) => events.length)).toEqual([1, 2, 2, 2]);
  });

  inWorld(
    "what changed while the watcher was cut off comes as events, not as a second snapshot",
    async (world) => {
      const [one, other] = [await enter(world), await enter(world)];
      for (const name of ["stays", "goes", "changes", "is born again"])
        await one.session.put(`/n/${name}`, "1", PERSISTENT);
      const seen = await record(other.session, "/n");
      other.cut();
      await one.session.delete("/n/goes");
      await one.session.put("/n/changes", "2", PERSISTENT);
      await one.session.put("/n/comes", "1", PERSISTENT);
      await one.session.delete("/n/is born again");
      await one.session.put("/n/is born again", "1", PERSISTENT);
      await letPass(world, 0.2);
      expect(seen.events).toEqual([]);
      other.heal();
      await untilEvents(world, seen, 5);
      expect(seen.snapshots).toHaveLength(1);
      expect(seen.events.map(({ type, path }) => `${type} ${path}`).sort()).toEqual([
        "ADDED /n/comes",
        "ADDED /n/is born again",
        "REMOVED /n/goes",
        "REMOVED /n/is born again",
        "UPDATED /n/changes",
      ]);
      await one.session.put("/n/later", "1", PERSISTENT);
      await untilEvents(world, seen, 6);
    },
  );
}
