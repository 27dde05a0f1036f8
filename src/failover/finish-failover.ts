import { errorMessage } from "../base/index.ts";
import { failoverMarkerPath } from "../model/index.ts";
import {
  finishFailover,
  insertAlert,
  type SweepHold,
  selectUnmarkedFailovers,
  setMarked,
} from "../store/index.ts";
import type { FailoverPorts, Target } from "./failover-ports.ts";
import { failoverAlert } from "./plan.ts";

/** Puts the notice of a finished failover into the registry, and notes that it is there. */
async function mark(ports: FailoverPorts, target: Target, startupTime: number): Promise<void> {
  const { kind, address, incarnation } = target;
  const subject = { incarnation };
  await ports.failpoints.reach("failover.marker.before", subject);
  const value = JSON.stringify({ by: ports.me.incarnation, at: ports.clock.now() });
  await ports
    .session()
    .put(failoverMarkerPath(address, startupTime, incarnation), value, { ephemeral: false });
  await ports.failpoints.reach("failover.marker.inside", subject);
  // Two may write it at the same time; one says so.
  if (!(await setMarked(ports.database, incarnation))) return;
  ports.events.emit({ type: "failover.marked", kind, of: address, ofIncarnation: incarnation });
  await ports.failpoints.reach("failover.marker.after", subject);
}

/** Notices that are missing, also of those whose rescuer died between DONE and the notice. */
export async function repairMarkers(ports: FailoverPorts): Promise<void> {
  for (const failover of await selectUnmarkedFailovers(ports.database)) {
    await mark(ports, failover, failover.startupTime ?? 0);
  }
}

/**
 * Nothing is left of the dead life: DONE and the alert in one transaction, then the notice. False: not ours any
 * more.
 */
export async function concludeFailover(
  ports: FailoverPorts,
  hold: SweepHold,
  target: Target,
): Promise<boolean> {
  const { kind, address, incarnation } = target;
  const outcome = await ports.database.transaction(async (tx) => {
    const nowMs = ports.clock.now();
    const done = await finishFailover(tx, hold, nowMs);
    if (done === undefined) return undefined;
    const { workflows, tasks } = done;
    const alert = failoverAlert({ kind, address, incarnation, workflows, tasks });
    const dedupeKey = `failover:${incarnation}`;
    const alertId = await insertAlert(tx, { ...alert, type: "FAULT_TOLERANCE_WARNING", dedupeKey, nowMs });
    return { workflows, tasks, alertId, title: alert.title };
  });
  if (outcome === undefined) return false;
  const { workflows, tasks, alertId, title } = outcome;
  ports.events.emit({
    type: "failover.finished",
    kind,
    of: address,
    ofIncarnation: incarnation,
    workflows,
    tasks,
  });
  if (alertId !== undefined) ports.events.emit({ type: "alert.stored", alertId, title, of: address });
  await repairMarkers(ports).catch((error: unknown) =>
    ports.log.warn(`the notice of the failover of ${address} is written later: ${errorMessage(error)}`),
  );
  return true;
}
