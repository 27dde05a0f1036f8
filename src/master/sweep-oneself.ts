import type { FailoverPorts } from "../failover/index.ts";
import { assertSelf, markLeft, notifyCommands, sweepBatch } from "../store/index.ts";

/**
 * Drain: hands everything that this master owns to nobody, with a command each, and leaves. Others take it over at
 * once,
 * and no one has to find out that it is gone. Throws StoreError or FencedError: then the others will find out.
 */
export async function sweepOneself(ports: FailoverPorts): Promise<void> {
  const { incarnation } = ports.me;
  const limit = ports.timing.batchSize;
  for (let cursor = 0; ; ) {
    const swept = await ports.database.transaction(async (tx) => {
      await assertSelf(tx, incarnation);
      const scope = { ownerIncarnation: incarnation };
      const moved = await sweepBatch(tx, {
        me: incarnation,
        scope,
        cursor,
        limit,
        waitForLocks: true,
        nowMs: ports.clock.now(),
      });
      await notifyCommands(tx);
      return moved;
    });
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
    if (swept.length < limit) break;
    cursor = swept.at(-1)?.id ?? cursor;
  }
  await markLeft(ports.database, incarnation);
}
