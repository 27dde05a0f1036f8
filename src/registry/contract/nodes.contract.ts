import { expect } from "@jest/globals";
import { enter, letPass, openSession, record, untilEvents } from "./actors.ts";
import type { InWorld } from "./world.ts";

export function checkNodes(inWorld: InWorld): void {
  inWorld("puts, gets, changes and deletes", async (world) => {
    const { session } = await enter(world);
    expect(await session.get("/a/b")).toBeUndefined();
    await session.put("/a/b", "one", { ephemeral: false });
    expect(await session.get("/a/b")).toEqual({ path: "/a/b", value: "one", sessionId: null });
    await session.put("/a/b", "", { ephemeral: false });
    expect(await session.get("/a/b")).toMatchObject({ value: "" });
    await session.put("/a/b", "zwei ✓\n'\"\\", { ephemeral: false });
    expect(await session.get("/a/b")).toMatchObject({ value: "zwei ✓\n'\"\\" });
    await session.delete("/a/b");
    expect(await session.get("/a/b")).toBeUndefined();
    await session.delete("/a/b");
  });

  inWorld("a parent that came by itself is no node", async (world) => {
    const { session } = await enter(world);
    await session.put("/a/b/c", "x", { ephemeral: false });
    expect(await session.get("/a/b")).toBeUndefined();
    expect(await session.children("/a")).toEqual(["b"]);
    await session.put("/a/b", "y", { ephemeral: false });
    expect(await session.get("/a/b")).toMatchObject({ value: "y" });
  });

  inWorld(
    "R35 (DS-16348): children are direct, whole names, sorted; an absent path has none",
    async (world) => {
      const { session } = await enter(world);
      for (const path of ["/n/m/b:567", "/n/m/a:5678", "/n/m/a:567", "/n/m/a:567x/y/z", "/n/mm/c", "/o"]) {
        await session.put(path, "x", { ephemeral: false });
      }
      expect(await session.children("/n/m")).toEqual(["a:567", "a:5678", "a:567x", "b:567"]);
      expect(await session.children("/n/m/a:567x")).toEqual(["y"]);
      expect(await session.children("/")).toEqual(["n", "o"]);
      expect(await session.children("/absent")).toEqual([]);
    },
  );

  inWorld(
    "R35 (DS-latent-10.4-19): a deletion takes what lies below, and no neighbour whose name begins alike",
    async (world) => {
      const { session } = await enter(world);
      for (const path of ["/n/a:567", "/n/a:567/x/y", "/n/a:5678"])
        await session.put(path, "x", { ephemeral: false });
      await session.delete("/n/a:567");
      expect(await session.get("/n/a:567")).toBeUndefined();
      expect(await session.get("/n/a:567/x/y")).toBeUndefined();
      expect(await session.get("/n/a:5678")).toMatchObject({ value: "x" });
    },
  );

  inWorld("refuses what is no path", async (world) => {
    const { session } = await enter(world);
    for (const path of ["a", "", "/a/", "//a", "/a//b", "/a/../b", "/.locks/x"]) {
      await expect(session.put(path, "x", { ephemeral: false })).rejects.toMatchObject({ code: "INVALID" });
      await expect(session.get(path)).rejects.toMatchObject({ code: "INVALID" });
    }
    await expect(session.put("/", "x", { ephemeral: false })).rejects.toMatchObject({ code: "INVALID" });
  });

  inWorld("ephemeral nodes name their session and go with it, persistent ones stay", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    await one.session.put("/n/e", "x", { ephemeral: true });
    await one.session.put("/n/p", "x", { ephemeral: false });
    expect(await other.session.get("/n/e")).toMatchObject({ sessionId: one.session.id });
    await one.session.close();
    expect(await other.session.get("/n/e")).toBeUndefined();
    expect(await other.session.get("/n/p")).toMatchObject({ sessionId: null });
  });

  inWorld("a node can change between ephemeral and persistent", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    await one.session.put("/n/a", "x", { ephemeral: true });
    await other.session.put("/n/a", "y", { ephemeral: false });
    await one.session.put("/n/b", "x", { ephemeral: false });
    await other.session.put("/n/b", "y", { ephemeral: true });
    await one.session.close();
    expect(await other.session.get("/n/a")).toEqual({ path: "/n/a", value: "y", sessionId: null });
    expect(await other.session.get("/n/b")).toEqual({
      path: "/n/b",
      value: "y",
      sessionId: other.session.id,
    });
  });

  inWorld("R09: a node that the next process put on stays when the old session ends", async (world) => {
    const [old, observer] = [await enter(world), await enter(world)];
    await old.session.put("/n/a", "old", { ephemeral: true });
    const seen = await record(observer.session, "/n");
    await old.kill();
    const next = await enter(world);
    await next.session.put("/n/a", "next", { ephemeral: true });
    await letPass(world, 1.5);
    expect(seen.events).toEqual([
      { type: "REMOVED", path: "/n/a", value: "old", sessionId: old.session.id },
      { type: "ADDED", path: "/n/a", value: "next", sessionId: next.session.id },
    ]);
    expect(await observer.session.get("/n/a")).toEqual({
      path: "/n/a",
      value: "next",
      sessionId: next.session.id,
    });
  });

  inWorld("R10: deleted and put again by the next process: removal, arrival, and it stays", async (world) => {
    const [old, observer] = [await enter(world), await enter(world)];
    await old.session.put("/n/a", "old", { ephemeral: true });
    const seen = await record(observer.session, "/n");
    await old.kill();
    const next = await enter(world);
    await next.session.delete("/n/a");
    await next.session.put("/n/a", "next", { ephemeral: true });
    await untilEvents(world, seen, 2);
    await letPass(world, 1.5);
    expect(seen.events).toEqual([
      { type: "REMOVED", path: "/n/a", value: "old", sessionId: old.session.id },
      { type: "ADDED", path: "/n/a", value: "next", sessionId: next.session.id },
    ]);
  });

  inWorld("R11: the end of an older session of the same process takes only its own nodes", async (world) => {
    const one = await enter(world);
    await one.session.put("/n/a", "first", { ephemeral: true });
    await one.session.put("/n/b", "first", { ephemeral: true });
    const second = await openSession(world, one);
    await second.put("/n/a", "second", { ephemeral: true });
    await one.session.close();
    expect(await second.get("/n/a")).toMatchObject({ value: "second", sessionId: second.id });
    expect(await second.get("/n/b")).toBeUndefined();
  });

  inWorld("get sees every change that was acknowledged before, whoever made it", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    for (let value = 0; value < 50; value += 1) {
      await one.session.put("/n/a", String(value), { ephemeral: true });
      expect(await other.session.get("/n/a")).toMatchObject({ value: String(value) });
    }
  });
}
