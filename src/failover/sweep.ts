import { errorMessage } from "../base/index.ts";
import {
  advanceSweep,
  assertSelf,
  FencedError,
  insertAlert,
  lockSweep,
  notifyCommands,
  StoreError,
  type SweepHold,
  type SweptWorkflow,
  selectOwnedWorkflows,
  selectOwnerlessHosts,
  setPoisonAside,
  sweepBatch,
} from "../store/index.ts";
import type { FailoverPorts } from "./failover-ports.ts";
import { failoverAlert } from "./plan.ts";

/** Somebody else is the rescuer now. */
class SweepLostError extends Error {
  override readonly name = "SweepLostError";
}

function tellSwept(ports: FailoverPorts, swept: readonly SweptWorkflow[]): void {
  for (const { id, epoch, was } of swept) {
    ports.events.emit({ type: "workflow.owner", workflowInstanceId: id, owner: null, epoch });
    ports.events.emit({
      type: "workflow.state",
      workflowInstanceId: id,
      state: "FAILOVER",
      from: was,
      epoch,
    });
  }
}

interface Batch {
  readonly cursor: number;
  readonly limit: number;
  readonly waitForLocks: boolean;
}

async function moveBatch(
  ports: FailoverPorts,
  hold: SweepHold,
  batch: Batch,
): Promise<readonly SweptWorkflow[]> {
  const subject = { incarnation: hold.incarnation };
  await ports.failpoints.reach("failover.batch.before", subject);
  const swept = await ports.database.transaction(async (tx) => {
    if (!(await lockSweep(tx, hold))) throw new SweepLostError("another rescuer took this failover over");
    const nowMs = ports.clock.now();
    const scope = { ownerIncarnation: hold.incarnation };
    const moved = await sweepBatch(tx, { me: hold.rescuer, scope, ...batch, nowMs });
    const cursor = moved.at(-1)?.id ?? batch.cursor;
    await advanceSweep(tx, hold, { cursor, workflows: moved.length, nowMs });
    await notifyCommands(tx);
    await ports.failpoints.reach("failover.batch.inside", subject);
    return moved;
  });
  tellSwept(ports, swept);
  await ports.failpoints.reach("failover.batch.after", subject);
  return swept;
}

/** The row right behind the cursor makes its batch fail even alone: it goes aside, so that the others are recovered. */
async function setNextAside(
  ports: FailoverPorts,
  hold: SweepHold,
  cursor: number,
  error: unknown,
): Promise<number> {
  const owned = await selectOwnedWorkflows(ports.database, hold.incarnation);
  const poison = owned.find((workflow) => workflow.id > cursor);
  if (poison === undefined) return cursor;
  const why = errorMessage(error);
  ports.log.error(`workflow instance ${poison.id} cannot be failed over: ${why}`);
  await ports.database.transaction(async (tx) => {
    await assertSelf(tx, hold.rescuer);
    await setPoisonAside(tx, {
      me: hold.rescuer,
      workflowInstanceId: poison.id,
      why,
      nowMs: ports.clock.now(),
    });
  });
  return poison.id;
}

async function pass(ports: FailoverPorts, hold: SweepHold, waitForLocks: boolean): Promise<void> {
  let cursor = 0;
  let limit = ports.timing.batchSize;
  while (!ports.stopping.aborted) {
    try {
      const swept = await moveBatch(ports, hold, { cursor, limit, waitForLocks });
      if (swept.length < limit) return;
      cursor = swept.at(-1)?.id ?? cursor;
      limit = ports.timing.batchSize;
    } catch (error) {
      if (error instanceof SweepLostError || error instanceof FencedError) throw error;
      const poison = error instanceof StoreError && error.code === "CONSTRAINT";
      if (!poison) {
        ports.log.warn(
          `a batch of the failover of ${hold.incarnation} is tried again: ${errorMessage(error)}`,
        );
        await ports.clock.sleep(ports.timing.retryPauseMs, ports.stopping);
      } else if (limit > 1) {
        limit = Math.ceil(limit / 4);
      } else {
        cursor = await setNextAside(ports, hold, cursor, error);
      }
    }
  }
}

/**
 * Moves everything that the fenced life owned to nobody, with a command each. Since it is fenced, its rows only become
 * fewer, so the second pass, which waits for locks, leaves nothing behind. False: another rescuer took over.
 */
export async function sweepOwned(ports: FailoverPorts, hold: SweepHold): Promise<boolean> {
  try {
    await pass(ports, hold, false);
    await pass(ports, hold, true);
    return !ports.stopping.aborted;
  } catch (error) {
    if (error instanceof SweepLostError) return false;
    throw error;
  }
}

/** Unfinished workflows that have no owner at all (rows of a system without incarnations) are failed over by host. */
export async function sweepOwnerless(ports: FailoverPorts): Promise<void> {
  const hosts = await selectOwnerlessHosts(ports.database);
  if (hosts.length === 0) return;
  const of = hosts.map((host) => host ?? "nobody").join(", ");
  const target = { kind: "master", of, ofIncarnation: "" } as const;
  ports.events.emit({ type: "failover.started", ...target });
  let workflows = 0;
  for (let cursor = 0; !ports.stopping.aborted; ) {
    const limit = ports.timing.batchSize;
    const { swept, alertId } = await ports.database.transaction(async (tx) => {
      await assertSelf(tx, ports.me.incarnation);
      const nowMs = ports.clock.now();
      const scope = "without-owner";
      const moved = await sweepBatch(tx, {
        me: ports.me.incarnation,
        scope,
        cursor,
        limit,
        waitForLocks: false,
        nowMs,
      });
      await notifyCommands(tx);
      const first = moved[0];
      if (first === undefined) return { swept: moved, alertId: undefined };
      const alert = failoverAlert({
        kind: "master",
        address: of,
        incarnation: null,
        workflows: moved.length,
        tasks: 0,
      });
      const dedupeKey = `failover:ownerless:${first.id}:${first.epoch}`;
      return {
        swept: moved,
        alertId: await insertAlert(tx, { ...alert, type: "FAULT_TOLERANCE_WARNING", dedupeKey, nowMs }),
      };
    });
    tellSwept(ports, swept);
    workflows += swept.length;
    if (alertId !== undefined)
      ports.events.emit({
        type: "alert.stored",
        alertId,
        title: `Fault tolerance warning: master ${of}`,
        of,
      });
    if (swept.length < limit) break;
    cursor = swept.at(-1)?.id ?? cursor;
  }
  ports.events.emit({ type: "failover.finished", ...target, workflows, tasks: 0 });
}
