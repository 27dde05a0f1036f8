import {
  type Database,
  type SqlExecutor,
  selectAlive,
  selectOpenIntents,
  selectOpenReports,
  selectRelations,
  selectTaskDefinitions,
  selectValidTasks,
  selectWorkflow,
} from "../store/index.ts";

/** No row has it. */
const NOBODY = 0;
const NO_LIFE = "00000000-0000-0000-0000-000000000000";
/** As many statements as a claim, a sweep and the loading of a claimed workflow have under way at a time. */
const CONNECTIONS = 6;

async function askOnce(tx: SqlExecutor): Promise<void> {
  await selectWorkflow(tx, NOBODY);
  await selectTaskDefinitions(tx, NOBODY, NOBODY);
  await selectRelations(tx, NOBODY, NOBODY);
  await selectValidTasks(tx, NOBODY);
  await selectAlive(tx, [NO_LIFE]);
  await selectOpenIntents(tx, [NOBODY]);
  await selectOpenReports(tx, NOBODY);
}

/**
 * Asks once, for nothing, what a take-over asks, on as many connections: they are open then, and the server has its
 * catalogues at hand. A stand-by that opens them while a workflow waits takes some ten milliseconds longer. Throws
 * StoreError.
 */
export async function warmUp(database: Database): Promise<void> {
  await Promise.all(Array.from({ length: CONNECTIONS }, () => database.transaction(askOnce)));
}
