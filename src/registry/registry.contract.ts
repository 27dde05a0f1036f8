import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { waitUntil } from "../base/index.ts";
import { checkLocks } from "./contract/locks.contract.ts";
import { checkNodes } from "./contract/nodes.contract.ts";
import { checkOutages } from "./contract/outages.contract.ts";
import { checkSessions } from "./contract/sessions.contract.ts";
import { checkWatches } from "./contract/watches.contract.ts";
import type { InWorld, RegistryWorld } from "./contract/world.ts";

/** Longest time of one check, milliseconds. */
const LIMIT_MS = 30_000;

/**
 * What the scheduler relies on, for every back end. R and a number in a title is the entry of the registry torture
 * catalogue that it covers: steps that back ends were seen to get wrong.
 */
export function describeRegistryContract(name: string, makeWorld: () => Promise<RegistryWorld>): void {
  describe(`registry contract: ${name}`, () => {
    const stray: unknown[] = [];
    const collect = (error: unknown): void => void stray.push(error);
    beforeAll(() => void process.on("unhandledRejection", collect));
    afterAll(() => {
      process.off("unhandledRejection", collect);
      expect(stray).toEqual([]);
    });
    const inWorld: InWorld = (title, check) => {
      // The checks come from other files: the linter cannot see their titles and expectations here.
      // oxlint-disable-next-line jest/expect-expect jest/valid-title
      test(title, () => runInWorld(makeWorld, check), LIMIT_MS);
    };
    describe("nodes", () => {
      checkNodes(inWorld);
    });
    describe("watches", () => {
      checkWatches(inWorld);
    });
    describe("locks", () => {
      checkLocks(inWorld);
    });
    describe("sessions", () => {
      checkSessions(inWorld);
    });
    describe("outages", () => {
      checkOutages(inWorld);
    });
  });
}

/** Checks of one back end alone, run like those of the contract. */
export function describeInWorlds<World extends RegistryWorld>(
  name: string,
  makeWorld: () => Promise<World>,
  checks: Readonly<Record<string, (world: World) => Promise<void>>>,
): void {
  // oxlint-disable-next-line jest/valid-title
  describe(name, () => {
    for (const [title, check] of Object.entries(checks)) {
      // oxlint-disable-next-line jest/expect-expect jest/valid-title
      test(title, () => runInWorld(makeWorld, check), LIMIT_MS);
    }
  });
}

/** Every check is also a leak check: what it opened is closed again. */
async function runInWorld<World extends RegistryWorld>(
  makeWorld: () => Promise<World>,
  check: (world: World) => Promise<void>,
): Promise<void> {
  const before = openResources();
  const world = await makeWorld();
  try {
    await check(world);
  } finally {
    await world.close();
  }
  await waitUntil({
    clock: world.clock,
    until: () => (openResources() <= before ? true : undefined),
    withinMs: 2000,
    describe: `the sockets and timers to be closed (${before} before)`,
    lastSeen: () => process.getActiveResourcesInfo().join(" "),
  });
}

function openResources(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Timeout|Pipe)/.test(name)).length;
}
