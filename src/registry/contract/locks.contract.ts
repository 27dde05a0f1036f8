import { expect } from "@jest/globals";
import { required } from "../../base/index.ts";
import type { Lock, RegistrySession } from "../registry.ts";
import { enter, letPass, until } from "./actors.ts";
import type { InWorld } from "./world.ts";

const PATH = "/lock/master-failover/a:5678";

async function take(session: RegistrySession, withinMs = 5000): Promise<Lock> {
  return required(await session.lock(PATH, { withinMs }), "the lock");
}

export function checkLocks(inWorld: InWorld): void {
  inWorld("is held by one at a time, and its token grows", async (world) => {
    const [one, other] = [await enter(world), await enter(world)];
    const first = await take(one.session);
    expect(await other.session.lock(PATH, { withinMs: 30 })).toBeUndefined();
    const elsewhere = required(await other.session.lock(`${PATH}0`, { withinMs: 1000 }), "the other lock");
    await first.release();
    const second = await take(other.session);
    await second.release();
    const third = await take(one.session);
    expect(second.fencingToken > first.fencingToken).toBe(true);
    expect(third.fencingToken > second.fencingToken).toBe(true);
    await third.release();
    await elsewhere.release();
  });

  inWorld("is not re-entrant: a second request of the session waits like any other", async (world) => {
    const { session } = await enter(world);
    const lock = await take(session);
    expect(await session.lock(PATH, { withinMs: 0 })).toBeUndefined();
    expect(await session.lock(PATH, { withinMs: 30 })).toBeUndefined();
    await lock.release();
    await (await take(session)).release();
  });

  inWorld("R18: a request that was given up stands in nobody's way", async (world) => {
    const [holder, impatient, next] = [await enter(world), await enter(world), await enter(world)];
    const held = await take(holder.session);
    expect(await impatient.session.lock(PATH, { withinMs: 20 })).toBeUndefined();
    await held.release();
    await (await take(next.session, 200)).release();
  });

  inWorld("R19 (DS-16252): waits longer than T, and the holder keeps it so long", async (world) => {
    const [holder, waiter] = [await enter(world), await enter(world)];
    const held = await take(holder.session);
    const waiting = take(waiter.session, world.sessionTimeoutMs * 4);
    await letPass(world, 2);
    await held.release();
    await (await waiting).release();
  });

  inWorld("R37: twenty waiters get it in the order in which they came", async (world) => {
    const holder = await enter(world);
    const waiters = [await enter(world), await enter(world), await enter(world)];
    const held = await take(holder.session);
    const order: number[] = [];
    const tokens: bigint[] = [];
    const waiting: Promise<void>[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const { session } = required(waiters[turn % 3], "waiter");
      waiting.push(
        take(session).then(async (lock) => {
          order.push(turn);
          tokens.push(lock.fencingToken);
          await lock.release();
        }),
      );
      // Operations of a session are carried out in their order: when this one is answered, the request is queued.
      await session.get("/barrier");
    }
    await held.release();
    await Promise.all(waiting);
    expect(order).toEqual(Array.from({ length: 20 }, (_, turn) => turn));
    expect(tokens).toEqual([...tokens].sort((left, right) => Number(left - right)));
  });

  inWorld("never has two holders, however many want it", async (world) => {
    const actors = await Promise.all(Array.from({ length: 4 }, () => enter(world)));
    let holders = 0;
    let most = 0;
    await Promise.all(
      actors.map(async ({ session }) => {
        for (let round = 0; round < 10; round += 1) {
          const lock = await take(session, 20_000);
          holders += 1;
          most = Math.max(most, holders);
          await Promise.resolve();
          holders -= 1;
          await lock.release();
        }
      }),
    );
    expect(most).toBe(1);
  });

  inWorld("is freed at once when its session is closed", async (world) => {
    const [holder, waiter] = [await enter(world), await enter(world)];
    await take(holder.session);
    const waiting = take(waiter.session, world.sessionTimeoutMs / 2);
    await holder.session.close();
    await (await waiting).release();
  });

  inWorld("R15 (DS-16811): passes on when its holder dies, with a greater token", async (world) => {
    const [holder, waiter] = [await enter(world), await enter(world)];
    const held = await take(holder.session);
    const waiting = take(waiter.session, world.sessionTimeoutMs + world.noticeMs);
    await holder.kill();
    const lock = await waiting;
    expect(lock.fencingToken > held.fencingToken).toBe(true);
    expect(holder.session.leaseDeadlineMs).toBeLessThan(world.clock.monotonicMs());
    await lock.release();
  });

  inWorld("a waiter that dies stands in nobody's way", async (world) => {
    const [holder, dying, waiter] = [await enter(world), await enter(world), await enter(world)];
    const held = await take(holder.session);
    const lost = dying.session.lock(PATH, { withinMs: 10_000 }).catch((error: unknown) => error);
    await world.clock.sleep(20);
    const waiting = take(waiter.session, world.sessionTimeoutMs + world.noticeMs);
    await world.clock.sleep(20);
    await dying.kill();
    expect(await lost).toMatchObject({ code: "SESSION_LOST" });
    await held.release();
    await (await waiting).release();
  });

  inWorld("R22: one who lost it cannot release it from under the next holder", async (world) => {
    const [holder, next, third] = [await enter(world), await enter(world), await enter(world)];
    const stale = await take(holder.session);
    holder.freeze();
    const lock = await take(next.session, world.sessionTimeoutMs + world.noticeMs + 500);
    holder.heal();
    await until(world, "the loss", () => holder.session.state === "LOST");
    await stale.release();
    await stale.release();
    expect(await third.session.lock(PATH, { withinMs: 30 })).toBeUndefined();
    await lock.release();
    await lock.release();
    await (await take(third.session)).release();
  });

  inWorld("what could not be withdrawn during an outage is withdrawn after it", async (world) => {
    const [holder, next] = [await enter(world), await enter(world)];
    const cutOff = await world.createClient();
    // Longer than an operation may take: the request is given up while nothing answers, and the session lives on.
    const session = await cutOff.registry.open({ sessionTimeoutMs: 4000, withinMs: 5000 });
    const held = await take(holder.session);
    const given = session.lock(PATH, { withinMs: 50 }).catch(() => undefined);
    await world.clock.sleep(30);
    cutOff.cut();
    expect(await given).toBeUndefined();
    cutOff.heal();
    await held.release();
    await (await take(next.session, 2000)).release();
    expect(session.state).not.toBe("LOST");
  });
}
