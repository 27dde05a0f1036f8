import { repairLostStart, selectLostStarts } from "../store/index.ts";
import type { FailoverPorts } from "./failover-ports.ts";

/** Workflows that one look takes care of; the next look takes the next ones. */
const AT_A_TIME = 200;

/** Since when each state of affairs has been standing, on this master's own clock. */
export interface Standing {
  note(keys: readonly string[]): void;
  ms(key: string): number;
}

/**
 * Workflows in SUBMITTED_SUCCESS whose command is gone get a new one, after they have stood like that for a whole
 * period before this master's eyes: a program that inserts the instance first and the command later is not overtaken.
 * Throws StoreError.
 */
export async function repairLostStarts(ports: FailoverPorts, standing: Standing): Promise<void> {
  const lost = await selectLostStarts(ports.database, AT_A_TIME);
  const keyOf = (id: number): string => `submitted ${id}`;
  standing.note(lost.map(keyOf));
  for (const workflowInstanceId of lost) {
    if (standing.ms(keyOf(workflowInstanceId)) < ports.timing.joinLimitMs) continue;
    const repair = { workflowInstanceId, me: ports.me.incarnation, nowMs: ports.clock.now() };
    const done = await ports.database.transaction((tx) => repairLostStart(tx, repair));
    if (done.kind === "restarted")
      ports.log.warn(`workflow instance ${workflowInstanceId} had no start command: it got a new one`);
    if (done.kind === "ended")
      ports.log.error(`workflow instance ${workflowInstanceId} was never started: ${done.why}`);
  }
}
