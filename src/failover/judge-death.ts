import { errorMessage } from "../base/index.ts";
import { nodePath } from "../model/index.ts";
import { fenceServer, type SqlExecutor, type SweepHold } from "../store/index.ts";
import type { FailoverPorts, Target } from "./failover-ports.ts";

/** A life whose node was seen to vanish, or that stands in the table and not in the registry. */
export interface Suspect extends Target {
  /** The session that ended. Undefined: not known. */
  readonly sessionNo: number | undefined;
  /** It is dead for certain (its process is gone from this machine): nobody needs to be asked. */
  readonly proven: boolean;
}

type Life = "registered" | "sure-of-itself" | "silent";

/** Looks at a suspect: first the registry, then the suspect itself. */
async function lookAt(ports: FailoverPorts, suspect: Suspect): Promise<Life> {
  const { kind, address, incarnation } = suspect;
  if ((await ports.session().get(nodePath(kind, address, incarnation))) !== undefined) return "registered";
  try {
    const answer = await ports.rpc.call(address, "ping", {}, { withinMs: ports.timing.pingMs });
    return answer.incarnation === incarnation && answer.inSession ? "sure-of-itself" : "silent";
  } catch {
    return "silent";
  }
}

/** A worker that is cut off from the registry kills what it runs when it is told to; its answer means that it did. */
async function relinquish(ports: FailoverPorts, suspect: Suspect): Promise<void> {
  if (suspect.kind !== "worker") return;
  const { incarnation, address } = suspect;
  await ports.rpc
    .call(address, "relinquish", { incarnation }, { withinMs: ports.timing.liveHoldMs })
    .catch((error: unknown) =>
      ports.log.warn(`worker ${address} did not relinquish: ${errorMessage(error)}`),
    );
}

/**
 * Waits until the suspect is certainly dead, or is back. A suspect that answers and is sure of its session lost only
 * its
 * node, and will put it back: it gets time for that. False: it lives, or this master stops.
 */
export async function judgeDeath(ports: FailoverPorts, suspect: Suspect): Promise<boolean> {
  const { clock, timing, stopping } = ports;
  if (suspect.proven) return true;
  if (timing.failoverDelayMs > 0) await clock.sleep(timing.failoverDelayMs, stopping);
  let sureSinceMs: number | undefined;
  while (!stopping.aborted) {
    if (ports.mayJudge()) {
      const life = await lookAt(ports, suspect).catch((error: unknown): undefined => {
        ports.log.debug(`cannot look at ${suspect.address} now: ${errorMessage(error)}`);
        return undefined;
      });
      if (life === "registered") return false;
      if (life === "silent" && ports.mayJudge()) return true;
      if (life === "sure-of-itself") {
        sureSinceMs ??= clock.monotonicMs();
        if (clock.monotonicMs() - sureSinceMs >= timing.liveHoldMs) {
          await relinquish(ports, suspect);
          return true;
        }
      }
    }
    await clock.sleep(timing.heartbeatMs, stopping);
  }
  return false;
}

/** A stopped process may hold row locks in a transaction that it will never end: its connections are closed for it. */
async function closeConnectionsOf(sql: SqlExecutor, incarnation: string): Promise<void> {
  await sql.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = $1 AND datname = current_database()`,
    [connectionName(incarnation)],
  );
}

/** application_name of a node's connections. */
export function connectionName(incarnation: string): string {
  return `failover-${incarnation}`;
}

/**
 * Fences the life in the database; whoever does it becomes the rescuer. Undefined: somebody else did it, or the life
 * has
 * a newer session. Throws FencedError or StoreError.
 */
export async function fence(ports: FailoverPorts, suspect: Suspect): Promise<SweepHold | undefined> {
  const { kind, address, incarnation } = suspect;
  await ports.failpoints.reach("failover.select.before", { incarnation });
  // The fence waits for what the suspect has locked, and is not held up by anything else meanwhile.
  const closing = closeConnectionsOf(ports.database, incarnation);
  const fencing = ports.database.transaction(async (tx) => {
    const fenced = await fenceServer(tx, {
      me: ports.me.incarnation,
      target: { incarnation, kind, address },
      sessionNo: suspect.sessionNo,
      nowMs: ports.clock.now(),
    });
    if (fenced !== undefined) await ports.failpoints.reach("failover.select.inside", { incarnation });
    return fenced;
  });
  const [hold] = await Promise.all([fencing, closing]);
  if (hold === undefined) return undefined;
  ports.events.emit({ type: "failover.started", kind, of: address, ofIncarnation: incarnation });
  await ports.failpoints.reach("failover.select.after", { incarnation });
  return hold;
}
