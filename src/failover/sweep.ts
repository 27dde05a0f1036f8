import { errorMessage } from "../base/index.ts";
import {
  advanceSweep,
  assertSelf,
  endByForce,
  FencedError,
  insertAlert,
  lockNextOfSweep,
  lockSweep,
  notifyCommands,
  type SqlExecutor,
  StoreError,
  type SweepHold,
  type SweepScope,
  type SweptWorkflow,
  selectOwnerlessHosts,
  sweepBatch,
} from "../store/index.ts";
import type { FailoverPorts, FailoverTiming } from "./failover-ports.ts";
import { failoverAlert } from "./plan.ts";

/** What a sweep needs of all that. */
export interface SweepPorts
  extends Pick<FailoverPorts, "clock" | "database" | "events" | "failpoints" | "log" | "me" | "stopping"> {
  readonly timing: Pick<FailoverTiming, "batchSize" | "retryPauseMs">;
}

/** Somebody else is the rescuer now. */
class SweepLostError extends Error {
  override readonly name = "SweepLostError";
}

function tellSwept(ports: SweepPorts, swept: readonly SweptWorkflow[]): void {
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
  ports: SweepPorts,
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

/** Where the rows of a sweep come from, and how a batch of them is moved. */
interface Source {
  readonly what: string;
  readonly scope: SweepScope;
  move(batch: Batch): Promise<readonly SweptWorkflow[]>;
  /** First in the transaction that sets a row aside. Throws when this master may not. */
  assertMine(tx: SqlExecutor): Promise<void>;
}

/** The row right behind the cursor makes its batch fail even alone: it goes aside, so that the others are recovered. */
async function setNextAside(
  ports: SweepPorts,
  source: Source,
  batch: Batch,
  error: unknown,
): Promise<number> {
  const why = errorMessage(error);
  const poison = await ports.database.transaction(async (tx) => {
    await source.assertMine(tx);
    const id = await lockNextOfSweep(tx, { scope: source.scope, ...batch });
    if (id === undefined) return undefined;
    const nowMs = ports.clock.now();
    const me = ports.me.incarnation;
    await endByForce(tx, { workflowInstanceId: id, me, step: "POISON", why, nowMs });
    return id;
  });
  if (poison !== undefined) ports.log.error(`workflow instance ${poison} cannot be failed over: ${why}`);
  return poison ?? batch.cursor;
}

/** From the first row to the last, in batches. An error that is not a row's own is thrown. */
async function pass(ports: SweepPorts, source: Source, waitForLocks: boolean): Promise<void> {
  let cursor = 0;
  let limit = ports.timing.batchSize;
  while (!ports.stopping.aborted) {
    const batch = { cursor, limit, waitForLocks };
    try {
      const swept = await source.move(batch);
      if (swept.length < limit) return;
      cursor = swept.at(-1)?.id ?? cursor;
      limit = ports.timing.batchSize;
    } catch (error) {
      if (!(error instanceof StoreError && error.code === "CONSTRAINT")) throw error;
      if (limit > 1) limit = Math.ceil(limit / 4);
      else cursor = await setNextAside(ports, source, batch, error);
    }
  }
}

/** What throws is tried again until it is done, another rescuer took over, or this master is fenced or stops. */
async function persistInPass(ports: SweepPorts, source: Source, waitForLocks: boolean): Promise<void> {
  while (!ports.stopping.aborted) {
    try {
      return await pass(ports, source, waitForLocks);
    } catch (error) {
      if (error instanceof SweepLostError || error instanceof FencedError) throw error;
      ports.log.warn(`a batch of ${source.what} is tried again: ${errorMessage(error)}`);
      await ports.clock.sleep(ports.timing.retryPauseMs, ports.stopping);
    }
  }
}

/**
 * Moves everything that the fenced life owned to nobody, with a command each. Since it is fenced, its rows only become
 * fewer, so the second pass, which waits for locks, leaves nothing behind. False: another rescuer took over.
 */
export async function sweepOwned(ports: SweepPorts, hold: SweepHold): Promise<boolean> {
  const source: Source = {
    what: `the failover of ${hold.incarnation}`,
    scope: { ownerIncarnation: hold.incarnation },
    move: (batch) => moveBatch(ports, hold, batch),
    async assertMine(tx) {
      if (!(await lockSweep(tx, hold))) throw new SweepLostError("another rescuer took this failover over");
    },
  };
  try {
    await persistInPass(ports, source, false);
    await persistInPass(ports, source, true);
    return !ports.stopping.aborted;
  } catch (error) {
    if (error instanceof SweepLostError) return false;
    throw error;
  }
}

type Stored = { readonly alertId: number; readonly title: string };

/** One batch of those without owner, with the alert in the same transaction. */
async function moveOwnerless(
  ports: SweepPorts,
  address: string,
  batch: Batch,
): Promise<readonly SweptWorkflow[]> {
  const { swept, stored } = await ports.database.transaction(async (tx) => {
    const me = ports.me.incarnation;
    await assertSelf(tx, me);
    const nowMs = ports.clock.now();
    const moved = await sweepBatch(tx, { me, scope: "without-owner", ...batch, nowMs });
    await notifyCommands(tx);
    const first = moved[0];
    if (first === undefined) return { swept: moved, stored: undefined };
    const subject = {
      kind: "master",
      address,
      incarnation: null,
      workflows: moved.length,
      tasks: 0,
    } as const;
    const alert = failoverAlert(subject);
    const dedupeKey = `failover:ownerless:${first.id}:${first.epoch}`;
    const alertId = await insertAlert(tx, { ...alert, type: "FAULT_TOLERANCE_WARNING", dedupeKey, nowMs });
    const told: Stored | undefined = alertId === undefined ? undefined : { alertId, title: alert.title };
    return { swept: moved, stored: told };
  });
  tellSwept(ports, swept);
  if (stored !== undefined) ports.events.emit({ type: "alert.stored", ...stored, of: address });
  return swept;
}

/** Unfinished workflows that have no owner at all (rows of a system without incarnations) are failed over by host. */
export async function sweepOwnerless(ports: SweepPorts): Promise<void> {
  const hosts = await selectOwnerlessHosts(ports.database);
  if (hosts.length === 0) return;
  const of = hosts.map((host) => host ?? "nobody").join(", ");
  const target = { kind: "master", of, ofIncarnation: "" } as const;
  ports.events.emit({ type: "failover.started", ...target });
  let workflows = 0;
  const source: Source = {
    what: "the failover of those without owner",
    scope: "without-owner",
    async move(batch) {
      const swept = await moveOwnerless(ports, of, batch);
      workflows += swept.length;
      return swept;
    },
    assertMine: (tx) => assertSelf(tx, ports.me.incarnation),
  };
  await pass(ports, source, false);
  ports.events.emit({ type: "failover.finished", ...target, workflows, tasks: 0 });
}
