import { type Clock, NO_FAILPOINTS } from "../../../src/base/index.ts";
import { startClaimLoop } from "../../../src/command/index.ts";
import { createPgDatabase } from "../../../src/store/pg-database.ts";
import { watchMemory } from "./memory.ts";
import type { Report, Role } from "./protocol.ts";

/** As with a session time-out of one second. */
const POLL_MS = 200;
const SLOT_PATIENCE_MS = 1000;
const QUERY_TIMEOUT_MS = 5000;

const complain = (message: string): void => void process.stderr.write(`${message}\n`);
const LOG = { debug: () => undefined, info: () => undefined, warn: complain, error: complain };

/** The claim loop of a master; what it owns is counted and not run. */
export async function prepareClaims(
  role: Extract<Role, { role: "claim" | "slots" }>,
  clock: Clock,
  tell: (report: Report) => void,
): Promise<(stopped: Promise<void>) => Promise<Report>> {
  const { url, me, address, slot, slots } = role;
  const database = createPgDatabase({
    url,
    applicationName: "bench",
    clock,
    queryTimeoutMs: QUERY_TIMEOUT_MS,
  });
  await database.query("SELECT 1");
  return async (stopped) => {
    const memory = watchMemory(clock);
    const startedMs = clock.monotonicMs();
    const loop = startClaimLoop({
      ports: {
        clock,
        database,
        events: { emit: () => undefined },
        failpoints: NO_FAILPOINTS,
        log: LOG,
        me: { incarnation: me, address },
      },
      mayAct: () => true,
      slot: () => ({ slot, slots }),
      onOwned: (owned) => tell({ kind: "claimed", count: owned.length }),
      onFenced: () => complain("fenced"),
      onUnknown: () => complain("a claim had an unknown outcome"),
      pollMs: POLL_MS,
      slotPatienceMs: SLOT_PATIENCE_MS,
    });
    await stopped;
    await loop.stop();
    await database.close();
    return { kind: "done", ms: clock.monotonicMs() - startedMs, ...memory.stop() };
  };
}
