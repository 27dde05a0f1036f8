import {
  assertSelf,
  callInWithoutGate,
  endOrderedInSerialWait,
  repairGate,
  repairGroup,
  selectGatesToRepair,
  selectGroupsToRepair,
} from "../store/index.ts";
import type { FailoverPorts } from "./failover-ports.ts";

/**
 * Serial gates and slots of task groups are handed on in the transactions that end instances and attempts. What was
 * not (rows of another time, deleted or damaged ones) is found here. Throws StoreError or FencedError.
 */
export async function repairGatesAndSlots(ports: FailoverPorts): Promise<void> {
  const { database, clock, log, me } = ports;
  for (const code of await selectGatesToRepair(database)) {
    await database.transaction(async (tx) => {
      await assertSelf(tx, me.incarnation);
      await repairGate(tx, code, clock.now());
    });
    log.warn(`the serial gate of definition ${code} did not agree with its instances and was put right`);
  }
  const ended = await database.transaction((tx) => endOrderedInSerialWait(tx, clock.now()));
  if (ended.length > 0)
    log.warn(`orders for workflows that wait for their turn were left over: ${ended.join(", ")}`);
  const called = await database.transaction((tx) => callInWithoutGate(tx, clock.now()));
  if (called.length > 0) log.warn(`workflows waited without a gate: ${called.join(", ")}`);
  for (const group of await selectGroupsToRepair(database)) {
    const freed = await database.transaction(async (tx) => {
      await assertSelf(tx, me.incarnation);
      return repairGroup(tx, group);
    });
    if (freed.length > 0)
      log.warn(`attempts held places in task group ${group} in vain: ${freed.join(", ")}`);
  }
}
