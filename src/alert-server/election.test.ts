import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createSystemClock, createSystemRandom, waitUntil } from "../base/index.ts";
import { MemoryRegistry, MemoryRegistryServer } from "../registry/memory/index.ts";
import type { RegistrySession } from "../registry/registry.ts";
import { Election } from "./election.ts";

const ports = { clock: createSystemClock(), random: createSystemRandom() };
const T = 300;
let server: MemoryRegistryServer;
let closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  server = new MemoryRegistryServer(ports);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  server.setMode("down");
});

/** A server that stands for election, as one process would. */
async function candidate(): Promise<{
  readonly election: Election;
  readonly registry: MemoryRegistry;
  readonly changes: boolean[];
  /** A new session, as after a loss. */
  reopen(): Promise<void>;
  stop(): Promise<void>;
}> {
  const registry = new MemoryRegistry({ server, ...ports });
  const open = (): Promise<RegistrySession> => registry.open({ sessionTimeoutMs: T, withinMs: 2000 });
  let session = await open();
  const stopping = new AbortController();
  const changes: boolean[] = [];
  const silent = (): void => undefined;
  const election = new Election({
    clock: ports.clock,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    session: () => (session.state === "LOST" || session.state === "CLOSED" ? undefined : session),
    onChange: (active) => void changes.push(active),
    retryPauseMs: 20,
    stopping: stopping.signal,
  });
  election.start();
  const stop = async (): Promise<void> => {
    stopping.abort();
    await election.resign();
    await session.close();
    await election.idle();
  };
  closing.push(stop, () => registry.close());
  const reopen = async (): Promise<void> => {
    session = await open();
  };
  return { election, registry, changes, reopen, stop };
}

const becomesActive = (one: { readonly election: Election }): Promise<true> =>
  waitUntil({
    clock: ports.clock,
    until: () => (one.election.isActive ? true : undefined),
    withinMs: 3000,
    describe: "the election",
  });

describe("the election", () => {
  test("one is active; the stand-by follows at once when it resigns", async () => {
    const first = await candidate();
    await becomesActive(first);
    const second = await candidate();
    await ports.clock.sleep(50);
    expect(second.election.isActive).toBe(false);
    await first.stop();
    await becomesActive(second);
    expect([first.election.isActive, second.changes]).toEqual([false, [true]]);
  });

  test("the office ends with its session; the stand-by follows, and both may be active again", async () => {
    const first = await candidate();
    await becomesActive(first);
    const second = await candidate();
    first.registry.setWire("frozen");
    await becomesActive(second);
    expect(first.election.isActive).toBe(false);
    first.registry.setWire("open");
    await first.reopen();
    await ports.clock.sleep(50);
    expect(first.election.isActive).toBe(false);
    // ACTIVE, STAND_BY, ACTIVE: what DolphinScheduler's coordinator did not survive (18623, 18624).
    await second.stop();
    await becomesActive(first);
    expect(first.changes).toEqual([true, false, true]);
  });
});
