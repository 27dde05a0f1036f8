import { errorCode, errorMessage } from "../../src/base/index.ts";
import type { Step } from "../case/resolved-case.ts";
import type { Fault } from "./fault.ts";
import { type Look, lookUntil } from "./look-until.ts";
import { runSql, type SqlResult } from "./run-sql.ts";
import { type Stage, withAddresses } from "./stage.ts";
import { StepTrouble } from "./step-trouble.ts";

/** Shortest time for one try: what is left at the end is no time to say more than "timeout". */
const SHORTEST_TRY_MS = 200;
/** SQLSTATE classes of what may pass: connection, resources, operator, not now (locks), transaction conflicts. */
const MAY_PASS = new Set(["08", "40", "53", "55", "57"]);

/** A statement of the case. It landed when it touched a row, or when it is of a kind that counts none. */
export function sqlFault(stage: Stage, step: Step, statement: string): Fault {
  const text = withAddresses(stage, statement);
  const run = async (leftMs: number): Promise<Look<SqlResult>> => {
    try {
      const result = await runSql(stage.services.databaseUrl, { text }, leftMs);
      return result.rowCount === 0 ? { instead: "it touched no row" } : { found: result };
    } catch (error) {
      const state = errorCode(error) ?? "";
      const isFinal = /^[0-9A-Z]{5}$/.test(state) && !MAY_PASS.has(state.slice(0, 2));
      if (!isFinal) return { instead: errorMessage(error) };
      const message = `step ${step.id}: Postgres refused the statement (${state}): ${errorMessage(error)}`;
      throw new StepTrouble({ verdict: "ERROR", code: "sql-refused", message, pointer: step.pointer });
    }
  };
  return {
    name: "sql",
    async inject({ withinMs, begin }) {
      begin();
      const deadlineMs = stage.history.nowMs() + withinMs;
      const result = await lookUntil(stage, {
        look: () => run(Math.max(SHORTEST_TRY_MS, deadlineMs - stage.history.nowMs())),
        deadlineMs,
        describe: "the statement to take effect",
      });
      return { proof: `${result.rowCount ?? "no count of"} rows`, hits: [] };
    },
  };
}
