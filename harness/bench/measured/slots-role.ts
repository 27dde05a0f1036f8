import pg from "pg";
import type { Clock } from "../../../src/base/index.ts";
import { watchMemory } from "./memory.ts";
import type { Report, Role } from "./protocol.ts";

const FETCH = /* sql */ `
  SELECT id, workflow_instance_id AS workflow FROM t_ds_command WHERE id % $1 = $2
   ORDER BY workflow_instance_priority, id LIMIT 10`;
const IDLE_MS = 20;
const TELL_EVERY = 10;

/**
 * The rival: DolphinScheduler's fetch by slot (dolphinscheduler.md 2.3, 3.2), ten at a time and one
 * transaction each; who
 * loses the race for a command sees it in the row count of the DELETE. It writes less than we do (no audit, no epoch).
 */
export async function prepareSlots(
  role: Extract<Role, { role: "claim" | "slots" }>,
  clock: Clock,
  tell: (report: Report) => void,
): Promise<(stopped: Promise<void>) => Promise<Report>> {
  const { url, address, slot, slots } = role;
  const client = new pg.Client({ connectionString: url, application_name: "bench" });
  await client.connect();
  let over = false;

  async function claim(command: { readonly id: number; readonly workflow: number }): Promise<boolean> {
    await client.query("BEGIN");
    const { rowCount } = await client.query("DELETE FROM t_ds_command WHERE id = $1", [command.id]);
    if (rowCount !== 1) {
      await client.query("ROLLBACK");
      return false;
    }
    await client.query(
      "UPDATE t_ds_workflow_instance SET state = 1, host = $2, owner_epoch = owner_epoch + 1 WHERE id = $1",
      [command.workflow, address],
    );
    await client.query("COMMIT");
    return true;
  }

  return async (stopped) => {
    void stopped.then(() => {
      over = true;
    });
    const memory = watchMemory(clock);
    const startedMs = clock.monotonicMs();
    while (!over) {
      const { rows } = await client.query<{ id: number; workflow: number }>(FETCH, [slots, slot]);
      let count = 0;
      for (const row of rows) {
        if (over) break;
        if (await claim(row)) count += 1;
        if (count === TELL_EVERY) break;
      }
      if (count > 0) tell({ kind: "claimed", count });
      if (rows.length === 0) await clock.sleep(IDLE_MS);
    }
    await client.end();
    return { kind: "done", ms: clock.monotonicMs() - startedMs, ...memory.stop() };
  };
}
