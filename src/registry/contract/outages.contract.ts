import { expect } from "@jest/globals";
import { enter, letPass, openSession, record, until, untilEvents } from "./actors.ts";
import type { InWorld } from "./world.ts";

export function checkOutages(inWorld: InWorld): void {
  inWorld(
    "R12 (DS-7562, DS-5210): cut off for half of T: the same session, the same nodes, nothing removed",
    async (world) => {
      const [one, other] = [await enter(world), await enter(world)];
      await one.session.put("/n/a", "x", { ephemeral: true });
      const seen = await record(other.session, "/n");
      one.cut();
      await until(world, "the cut", () => one.session.state === "SUSPENDED");
      await letPass(world, 0.5);
      one.heal();
      await until(world, "the connection", () => one.session.state === "CONNECTED");
      await letPass(world, 1.2);
      expect(one.states).toEqual(["SUSPENDED", "CONNECTED"]);
      expect(seen.events).toEqual([]);
      expect(await one.session.get("/n/a")).toMatchObject({ sessionId: one.session.id });
    },
  );

  inWorld(
    "R12 (DS-3009): frozen for half of T: the same session, the same nodes, nothing removed",
    async (world) => {
      const [one, other] = [await enter(world), await enter(world)];
      await one.session.put("/n/a", "x", { ephemeral: true });
      const seen = await record(other.session, "/n");
      one.freeze();
      await letPass(world, 0.5);
      one.heal();
      await letPass(world, 1.2);
      expect(one.session.state).toBe("CONNECTED");
      expect(one.states).not.toContain("LOST");
      expect(seen.events).toEqual([]);
      expect(await one.session.get("/n/a")).toMatchObject({ sessionId: one.session.id });
    },
  );

  inWorld("R13: frozen for long: suspended by 2/3 T, lost before T, removed only after", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    await one.session.put("/n/a", "x", { ephemeral: true });
    const seen = await record(other.session, "/n");
    const T = world.sessionTimeoutMs;
    const frozenMs = world.clock.monotonicMs();
    one.freeze();
    await until(world, "suspension", () => one.session.state === "SUSPENDED");
    expect(world.clock.monotonicMs() - frozenMs).toBeLessThan((T * 2) / 3);
    await until(world, "the loss", () => one.session.state === "LOST");
    const lostMs = world.clock.monotonicMs();
    expect(lostMs - frozenMs).toBeLessThan(T);
    expect(lostMs).toBeGreaterThanOrEqual(one.session.leaseDeadlineMs);
    expect(seen.events).toEqual([]);
    await untilEvents(world, seen, 1);
    expect(one.states).toEqual(["SUSPENDED", "LOST"]);
    expect(seen.events).toMatchObject([{ type: "REMOVED", value: "x", sessionId: one.session.id }]);
  });

  inWorld("R43: no operation hangs when nothing answers, and none claims to be done", async (world) => {
    const one = await enter(world);
    const held = await one.session.lock("/held", { withinMs: 1000 });
    one.freeze();
    const begunMs = world.clock.monotonicMs();
    const outcomes = await Promise.allSettled([
      one.session.put("/a", "x", { ephemeral: true }),
      one.session.get("/a"),
      one.session.children("/a"),
      one.session.delete("/a"),
      one.session.lock("/lock", { withinMs: 60_000 }),
      one.session.watch("/a", { snapshot: () => undefined, event: () => undefined }),
    ]);
    expect(world.clock.monotonicMs() - begunMs).toBeLessThan(
      Math.max(world.sessionTimeoutMs / 4, 1000) + 500,
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "RegistryError" } });
    }
    await held?.release().catch(() => undefined);
    await one.session.close();
  });

  inWorld("closing while nothing answers comes to an end", async (world) => {
    const one = await enter(world);
    one.freeze();
    const begunMs = world.clock.monotonicMs();
    await one.session.close();
    expect(world.clock.monotonicMs() - begunMs).toBeLessThan(
      Math.max(world.sessionTimeoutMs / 4, 1000) + 500,
    );
    expect(one.session.state).toBe("CLOSED");
  });

  inWorld(
    "R14: opening fails in time while nothing answers, and succeeds when it does again",
    async (world) => {
      for (const fault of ["freeze", "cut"] as const) {
        const client = await world.createClient();
        client[fault]();
        const begunMs = world.clock.monotonicMs();
        const attempt = client.registry.open({ sessionTimeoutMs: world.sessionTimeoutMs, withinMs: 300 });
        await expect(attempt).rejects.toMatchObject({ code: "UNAVAILABLE" });
        expect(world.clock.monotonicMs() - begunMs).toBeLessThan(600);
        const opening = openSession(world, client);
        await world.clock.sleep(300);
        client.heal();
        const session = await opening;
        expect(session.state).toBe("CONNECTED");
        await session.close();
      }
    },
  );

  inWorld("closing the registry ends what is being opened", async (world) => {
    const client = await world.createClient();
    client.cut();
    const opening = openSession(world, client).catch((error: unknown) => error);
    await letPass(world, 0.1);
    const begunMs = world.clock.monotonicMs();
    await client.registry.close();
    expect(await opening).toMatchObject({ code: "UNAVAILABLE" });
    expect(world.clock.monotonicMs() - begunMs).toBeLessThan(world.sessionTimeoutMs);
  });

  inWorld("after a loss, the same registry opens the next session, again and again", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    const ids = new Set([one.session.id]);
    let { session } = one;
    for (let round = 0; round < 3; round += 1) {
      await session.put("/n/a", `round ${round}`, { ephemeral: true });
      one.cut();
      await until(world, "the loss", () => session.state === "LOST");
      one.heal();
      session = await openSession(world, one);
      ids.add(session.id);
    }
    expect(ids.size).toBe(4);
    await session.put("/n/a", "last", { ephemeral: true });
    await letPass(world, 1.2);
    expect(await other.session.get("/n/a")).toMatchObject({ value: "last", sessionId: session.id });
  });

  inWorld("R26: when nothing answers anybody for most of T, nobody loses anything", async (world) => {
    const actors = await Promise.all(Array.from({ length: 4 }, () => enter(world)));
    await Promise.all(actors.map(({ session }, n) => session.put(`/n/${n}`, "x", { ephemeral: true })));
    const seen = await Promise.all(actors.map(({ session }) => record(session, "/n")));
    for (let round = 0; round < 2; round += 1) {
      for (const actor of actors) actor.freeze();
      await letPass(world, 0.5);
      for (const actor of actors) actor.heal();
      await letPass(world, 0.7);
    }
    await letPass(world, 1);
    expect(actors.map(({ session }) => session.state)).toEqual(actors.map(() => "CONNECTED"));
    expect(seen.flatMap(({ events }) => events)).toEqual([]);
  });

  inWorld("R26: one who comes back from a long silence does not remove the living", async (world) => {
    const [one, living] = [await enter(world), await enter(world)];
    await living.session.put("/n/a", "x", { ephemeral: true });
    one.freeze();
    await letPass(world, 3);
    one.heal();
    const session = await openSession(world, one);
    const seen = await record(session, "/n");
    await letPass(world, 1.5);
    expect(seen.events).toEqual([]);
    expect(living.states).toEqual([]);
  });
}
