import { expect } from "@jest/globals";
import { enter, letPass, openSession, record, stall, until, untilEvents } from "./actors.ts";
import type { InWorld } from "./world.ts";

export function checkSessions(inWorld: InWorld): void {
  inWorld("each has an id of its own, a granted T and a lease that moves on", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    const again = await openSession(world, one);
    expect(new Set([one.session.id, other.session.id, again.id]).size).toBe(3);
    expect(one.session.timeoutMs).toBe(world.sessionTimeoutMs);
    expect(one.session.state).toBe("CONNECTED");
    const deadlines: number[] = [one.session.leaseDeadlineMs];
    one.session.onLease((deadlineMs) => deadlines.push(deadlineMs));
    await letPass(world, 2);
    expect(one.states).toEqual([]);
    expect(deadlines.length).toBeGreaterThan(5);
    expect(deadlines).toEqual([...deadlines].sort((left, right) => left - right));
    const aheadMs = one.session.leaseDeadlineMs - world.clock.monotonicMs();
    expect(aheadMs).toBeGreaterThan(world.sessionTimeoutMs * 0.5);
    expect(aheadMs).toBeLessThan(world.sessionTimeoutMs * 0.9);
  });

  inWorld("a closed one is CLOSED for good, and says so once", async (world) => {
    const { session, states } = await enter(world);
    await Promise.all([session.close(), session.close()]);
    await session.close();
    expect(session.state).toBe("CLOSED");
    expect(states).toEqual(["CLOSED"]);
    const operations = [
      session.put("/a", "x", { ephemeral: true }),
      session.get("/a"),
      session.children("/a"),
      session.delete("/a"),
      session.lock("/a", { withinMs: 1000 }),
      session.watch("/a", { snapshot: () => undefined, event: () => undefined }),
    ];
    for (const outcome of await Promise.allSettled(operations)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "SESSION_LOST" } });
    }
  });

  inWorld("closing tells the watchers at once (DS-14936)", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    await one.session.put("/n/a", "x", { ephemeral: true });
    const seen = await record(other.session, "/n");
    const closedMs = world.clock.monotonicMs();
    await one.session.close();
    await untilEvents(world, seen, 1);
    expect(seen.events).toMatchObject([
      { type: "REMOVED", path: "/n/a", value: "x", sessionId: one.session.id },
    ]);
    expect(world.clock.monotonicMs() - closedMs).toBeLessThan(world.sessionTimeoutMs / 2);
  });

  inWorld("closing with operations under way leaves none hanging", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    const held = await other.session.lock("/lock", { withinMs: 1000 });
    const waiting = one.session.lock("/lock", { withinMs: 60_000 });
    const rejection = waiting.catch((error: unknown) => error);
    await world.clock.sleep(20);
    const puts = Array.from({ length: 20 }, (_, n) => one.session.put(`/n/${n}`, "x", { ephemeral: true }));
    const settled = Promise.allSettled(puts);
    await one.session.close();
    expect(await rejection).toMatchObject({ code: "SESSION_LOST" });
    await settled;
    await held?.release();
    await letPass(world, 0.2);
    expect(await other.session.children("/n")).toEqual([]);
  });

  inWorld(
    "R01, R02 (DS-17645, DS-16837): a killed process is removed once, after its lease and soon after T",
    async (world) => {
      const [one, other] = [await enter(world), await enter(world)];
      await one.session.put("/n/a", "1", { ephemeral: true });
      const seen = await record(other.session, "/n");
      await one.session.put("/n/a", "2", { ephemeral: true });
      await untilEvents(world, seen, 1);
      await one.kill();
      const killedMs = world.clock.monotonicMs();
      const leaseDeadlineMs = one.session.leaseDeadlineMs;
      await untilEvents(world, seen, 2);
      const seenMs = world.clock.monotonicMs();
      expect(seenMs).toBeGreaterThan(leaseDeadlineMs);
      expect(seenMs - killedMs).toBeGreaterThan(world.sessionTimeoutMs * 0.6);
      await letPass(world, 0.5);
      expect(seen.events.slice(1)).toEqual([
        { type: "REMOVED", path: "/n/a", value: "2", sessionId: one.session.id },
      ]);
    },
  );

  inWorld("a killed process is removed also when nobody watches", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    await one.session.put("/n/a", "1", { ephemeral: true });
    await one.kill();
    await letPass(world, 1);
    await world.clock.sleep(world.noticeMs);
    expect(await other.session.get("/n/a")).toBeUndefined();
  });

  inWorld(
    "R28 (DS-17047): five of ten die at once: exactly they are removed, the others live on",
    async (world) => {
      const actors = await Promise.all(Array.from({ length: 10 }, () => enter(world)));
      await Promise.all(
        actors.map(({ session }, n) => session.put(`/n/${n}`, String(n), { ephemeral: true })),
      );
      const watching = await Promise.all(actors.slice(5).map(({ session }) => record(session, "/n")));
      await Promise.all(actors.slice(0, 5).map((actor) => actor.kill()));
      for (const seen of watching) await untilEvents(world, seen, 5);
      await letPass(world, 1);
      for (const { events } of watching) {
        expect(events.map(({ type, path }) => `${type} ${path}`).sort()).toEqual(
          ["0", "1", "2", "3", "4"].map((name) => `REMOVED /n/${name}`),
        );
      }
      expect(actors.slice(5).map(({ states }) => states)).toEqual([[], [], [], [], []]);
    },
  );

  inWorld("a process that stood still for more than T knows it before anything else", async (world) => {
    const { session, states } = await enter(world);
    await letPass(world, 0.3);
    stall(world, 1.1);
    expect(session.state).toBe("LOST");
    expect(states).toEqual([]);
    await world.clock.sleep(0);
    expect(states.at(-1)).toBe("LOST");
    await letPass(world, 0.5);
    expect(session.state).toBe("LOST");
    await expect(session.get("/a")).rejects.toMatchObject({ code: "SESSION_LOST" });
  });

  inWorld("a process that stood still for half of T keeps its session", async (world) => {
    const { session, states } = await enter(world);
    await session.put("/n/a", "x", { ephemeral: true });
    await letPass(world, 0.3);
    stall(world, 0.5);
    await until(world, "connection", () => session.state === "CONNECTED" && states.at(-1) !== "SUSPENDED");
    await letPass(world, 1.2);
    expect(await session.get("/n/a")).toMatchObject({ sessionId: session.id });
    expect(states).not.toContain("LOST");
  });

  inWorld("closing the registry ends its sessions as the death of the process would", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    await one.session.put("/n/a", "x", { ephemeral: true });
    await one.registry.close();
    expect(one.session.state).toBe("LOST");
    expect(await other.session.get("/n/a")).toBeDefined();
    const seen = await record(other.session, "/n");
    await untilEvents(world, seen, 1);
  });
}
