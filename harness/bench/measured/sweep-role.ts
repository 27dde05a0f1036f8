import { type Clock, NO_FAILPOINTS } from "../../../src/base/index.ts";
import { sweepOwned } from "../../../src/failover/index.ts";
import { createPgDatabase } from "../../../src/store/pg-database.ts";
import { watchMemory } from "./memory.ts";
import type { Report, Role } from "./protocol.ts";

const QUERY_TIMEOUT_MS = 60_000;
const complain = (message: string): void => void process.stderr.write(`${message}\n`);
const SILENT_LOG = { debug: () => undefined, info: () => undefined, warn: complain, error: complain };

/** The sweep of a master, with everything but the database switched off: no events are written, as in production. */
export async function prepareSweep(
  role: Extract<Role, { role: "sweep" }>,
  clock: Clock,
): Promise<() => Promise<Report>> {
  const { url, dead, me, batchSize } = role;
  const database = createPgDatabase({
    url,
    applicationName: "bench",
    clock,
    queryTimeoutMs: QUERY_TIMEOUT_MS,
  });
  await database.query("SELECT 1");
  return async () => {
    const memory = watchMemory(clock);
    const startedMs = clock.monotonicMs();
    const done = await sweepOwned(
      {
        clock,
        database,
        events: { emit: () => undefined },
        failpoints: NO_FAILPOINTS,
        log: SILENT_LOG,
        me: { incarnation: me, address: "bench:1" },
        stopping: new AbortController().signal,
        timing: { batchSize, retryPauseMs: 100 },
      },
      { incarnation: dead, rescuer: me, token: 1 },
    );
    const ms = clock.monotonicMs() - startedMs;
    if (!done) throw new Error("the sweep was taken over by somebody");
    await database.close();
    return { kind: "done", ms, ...memory.stop() };
  };
}
