import type pg from "pg";
import type { Clock } from "../../../src/base/index.ts";
import { DEAD, RESCUER } from "./orphans.ts";

/** Longest time that the loop gets; beyond it its time is extrapolated from what it did. */
const SAMPLE_LIMIT_MS = 5000;

export interface LoopTime {
  /** For all of them, milliseconds. */
  readonly ms: number;
  /** How many were really done. */
  readonly sampled: number;
}

/**
 * The rival: one transaction for each workflow (dolphinscheduler.md 3.4, 5.1), sequential, on one connection, with the
 * rows and the audit that our sweep writes, too.
 */
export async function timeLoop(client: pg.Client, count: number, clock: Clock): Promise<LoopTime> {
  const selectedMs = clock.monotonicMs();
  const { rows } = await client.query<{ id: number; code: string; state: number }>(
    `SELECT *, workflow_definition_code AS code FROM t_ds_workflow_instance
     WHERE host = 'dead:1' AND state = ANY('{1,2,4}') ORDER BY id`,
  );
  const startedMs = clock.monotonicMs();
  let done = 0;
  for (const { id, code, state } of rows) {
    await client.query("BEGIN");
    await client.query(
      `UPDATE t_ds_workflow_instance SET state = 18, pre_failover_state = $2, owner_incarnation = NULL,
         owner_epoch = owner_epoch + 1 WHERE id = $1 AND state = $2`,
      [id, state],
    );
    await client.query(
      `INSERT INTO t_ds_command (command_type, workflow_definition_code, workflow_definition_version, command_param,
         workflow_instance_id, worker_group) VALUES (2, $2, 1, $3, $1, 'default')`,
      [id, code, '{"commandType":"RECOVER_TOLERANCE_FAULT","workflowExecutionStatus":"RUNNING_EXECUTION"}'],
    );
    await client.query(
      `INSERT INTO t_ds_failover_audit (step, by_incarnation, incarnation, workflow_instance_id, from_state, to_state)
       VALUES ('SWEEP', $2, $3, $1, $4, 18)`,
      [id, RESCUER, DEAD, state],
    );
    await client.query("COMMIT");
    done += 1;
    if (done % 20 === 0 && clock.monotonicMs() - startedMs > SAMPLE_LIMIT_MS) break;
  }
  const perRow = (clock.monotonicMs() - startedMs) / done;
  return { ms: startedMs - selectedMs + perRow * count, sampled: done };
}
