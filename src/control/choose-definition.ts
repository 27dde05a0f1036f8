import type { DefinitionChoice } from "../model/index.ts";
import {
  type DefinitionRow,
  type SqlExecutor,
  selectDefinitions,
  selectTaskDefinitions,
} from "../store/index.ts";
import { RefusedError } from "./refusal.ts";

const OFFLINE = 0;
const NAMES_SHOWN = 10;

/** The definition that is meant. Throws RefusedError: there is none, several, or it is offline. */
export async function chooseDefinition(tx: SqlExecutor, choice: DefinitionChoice): Promise<DefinitionRow> {
  const by =
    "workflowName" in choice ? { name: choice.workflowName } : { code: choice.workflowDefinitionCode };
  const found = await selectDefinitions(tx, { ...by, limit: NAMES_SHOWN });
  const [first, second] = found;
  const word = "workflowName" in choice ? `called ${choice.workflowName}` : choice.workflowDefinitionCode;
  if (first === undefined) {
    throw new RefusedError(
      "NOT_FOUND",
      `there is no workflow definition ${word}`,
      "GET /api/v1/workflows lists those that there are (failover ctl workflows)",
    );
  }
  if (second !== undefined) {
    const codes = found.map(({ code, projectCode }) => `${code} (project ${projectCode})`).join(", ");
    throw new RefusedError(
      "CONFLICT",
      `several workflow definitions are ${word}`,
      `name one by its code: ${codes}`,
    );
  }
  if (first.releaseState === OFFLINE) {
    throw new RefusedError(
      "CONFLICT",
      `the workflow definition ${first.name ?? first.code} is OFFLINE`,
      "bring it online first (release_state 1 in t_ds_workflow_definition)",
    );
  }
  return first;
}

/** The codes of these tasks of a definition. Throws RefusedError for one that it does not have. */
export async function chooseTasks(
  tx: SqlExecutor,
  definition: { readonly code: number; readonly version: number },
  nodes: readonly (string | number)[],
): Promise<readonly number[]> {
  if (nodes.length === 0) return [];
  const tasks = await selectTaskDefinitions(tx, definition.code, definition.version);
  return nodes.map((node) => {
    const task = tasks.find(({ name, code }) => name === node || code === Number(node));
    if (task !== undefined) return task.code;
    const names = tasks.map(({ name }) => name).slice(0, NAMES_SHOWN);
    throw new RefusedError(
      "INVALID",
      `startNodes: the workflow has no task ${node}`,
      `its tasks are ${names.join(", ")}${tasks.length > names.length ? ", ..." : ""}`,
    );
  });
}
