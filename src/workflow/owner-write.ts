import { assertOwned, type SqlExecutor } from "../store/index.ts";
import type { RunPorts, RunState } from "./run-state.ts";

/**
 * A write of the owner: a transaction that begins with OWN. Throws NotOwnerError when the workflow is somebody else's
 * by now; then nothing was written and the run has to be dropped.
 */
export function writeOwned<T>(
  ports: RunPorts,
  run: RunState,
  what: string,
  work: (tx: SqlExecutor) => Promise<T>,
): Promise<T> {
  return ports.database.transaction(async (tx) => {
    await assertOwned(tx, run.own, what);
    return work(tx);
  });
}
