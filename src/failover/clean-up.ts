import { REGISTRY_PATHS } from "../model/index.ts";
import type { RegistrySession } from "../registry/index.ts";
import { deleteHistory } from "../store/index.ts";
import type { FailoverPorts } from "./failover-ports.ts";

/**
 * How many notices of finished failovers stay in the registry at most, whatever their age: a registry is no archive,
 * and a cluster that restarts every minute would fill it within the retention.
 */
const MARKERS_KEPT = 100;
/** Rows of one table in one transaction. */
const BATCH = 1000;
/** A clean-up does not run again for so long, unless the retention is shorter. */
const LONGEST_PAUSE_MS = 3_600_000;

/** Forgets what is only history, now and then. Any master may do it, several at once too. */
export interface CleanUp {
  /** One clean-up, if the last one is long enough ago or there is too much. Throws StoreError or RegistryError. */
  runWhenDue(): Promise<void>;
}

/** When the notice was written. Undefined: it does not say so in the way that ours do, and only its place counts. */
function markedAt(value: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    const at = typeof parsed === "object" && parsed !== null && "at" in parsed ? parsed.at : undefined;
    return typeof at === "number" ? at : undefined;
  } catch {
    return undefined;
  }
}

/** Notices are only notices: nobody decides anything by them, so their age is all that counts. */
export async function forgetMarkers(
  session: RegistrySession,
  { nowMs, retentionMs }: { readonly nowMs: number; readonly retentionMs: number },
): Promise<void> {
  const names = await session.children(REGISTRY_PATHS.failoverFinished);
  const entries = await Promise.all(
    names.map((name) => session.get(`${REGISTRY_PATHS.failoverFinished}/${name}`)),
  );
  const oldestFirst = entries
    .filter((entry) => entry !== undefined)
    .map((entry) => ({ path: entry.path, atMs: markedAt(entry.value) }))
    .toSorted((left, right) => (left.atMs ?? 0) - (right.atMs ?? 0));
  const beforeMs = nowMs - retentionMs;
  const tooMany = oldestFirst.length - MARKERS_KEPT;
  const old = oldestFirst.filter(({ atMs }, index) => index < tooMany || (atMs ?? beforeMs) < beforeMs);
  for (const { path } of old) await session.delete(path);
}

async function forgetRows(ports: FailoverPorts): Promise<void> {
  const beforeMs = ports.clock.now() - ports.timing.retentionMs;
  const members = [...ports.membership.members("master"), ...ports.membership.members("worker")];
  const registered = members.map(({ incarnation }) => incarnation);
  for (;;) {
    const gone = await deleteHistory(ports.database, { beforeMs, registered, limit: BATCH });
    if (Object.values(gone).every((count) => count < BATCH) || ports.stopping.aborted) return;
  }
}

export function createCleanUp(ports: FailoverPorts): CleanUp {
  const pauseMs = Math.min(LONGEST_PAUSE_MS, ports.timing.retentionMs);
  let dueMs = Number.NEGATIVE_INFINITY;
  return {
    async runWhenDue() {
      const isDue = ports.clock.monotonicMs() >= dueMs;
      const { retentionMs } = ports.timing;
      const markers = await ports.session().children(REGISTRY_PATHS.failoverFinished);
      // Too many are too many at any time: a listing of names is all that it costs to know.
      if (isDue || markers.length > MARKERS_KEPT)
        await forgetMarkers(ports.session(), { nowMs: ports.clock.now(), retentionMs });
      if (!isDue) return;
      dueMs = ports.clock.monotonicMs() + pauseMs;
      await forgetRows(ports);
    },
  };
}
