import {
  buildGraph,
  TASK_DEPEND_TYPE_CODES,
  type TaskDependType,
  type WorkflowGraph,
  wordOfCode,
} from "../model/index.ts";
import {
  DamagedRowError,
  type SqlExecutor,
  selectRelations,
  selectTaskDefinitions,
  selectTimeouts,
  type TaskDefinitionRow,
  type Timeouts,
  type WorkflowRow,
} from "../store/index.ts";

/** What a run covers: the graph from the instance's start nodes, and the definition of each task in it. */
export interface LoadedDefinition {
  readonly graph: WorkflowGraph;
  readonly tasks: ReadonlyMap<number, TaskDefinitionRow>;
  readonly timeouts: Timeouts;
}

/** The part of `command_param` that a run looks at. */
export interface CommandParam {
  readonly startNodes: readonly (string | number)[];
  /** Parameters of the start, as stored: a list of { prop, value }. */
  readonly commandParams: unknown;
}

/**
 * Reads `command_param`. Null and an empty text mean a plain start. Throws DamagedRowError for anything but an
 * object.
 */
export function parseCommandParam(text: string | null): CommandParam {
  if (text === null || text.trim() === "") return { startNodes: [], commandParams: [] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DamagedRowError(`command_param is not JSON: ${text.slice(0, 80)}`, { cause: error });
  }
  if (typeof value !== "object" || value === null)
    throw new DamagedRowError(`command_param is no object: ${text.slice(0, 80)}`);
  const nodes: unknown = "startNodes" in value ? value.startNodes : [];
  const startNodes = Array.isArray(nodes)
    ? nodes.filter((node) => typeof node === "string" || typeof node === "number")
    : [];
  return { startNodes, commandParams: "commandParams" in value ? value.commandParams : [] };
}

function codeOf(node: string | number, tasks: readonly TaskDefinitionRow[]): number {
  const found = tasks.find((task) => task.name === node || task.code === Number(node));
  if (found === undefined)
    throw new DamagedRowError(`command_param starts from ${node}, which the definition does not have`);
  return found.code;
}

/** Reads the definition of a workflow instance. Throws GraphError or DamagedRowError when it cannot be run. */
export async function loadDefinition(sql: SqlExecutor, row: WorkflowRow): Promise<LoadedDefinition> {
  const { definitionCode: code, definitionVersion: version } = row;
  const [tasks, relations, timeouts] = await Promise.all([
    selectTaskDefinitions(sql, code, version),
    selectRelations(sql, code, version),
    selectTimeouts(sql, { code, version }),
  ]);
  if (tasks.length === 0) {
    throw new DamagedRowError(
      `workflow definition ${row.definitionCode} version ${row.definitionVersion} has no tasks`,
    );
  }
  const depend: TaskDependType = wordOfCode(TASK_DEPEND_TYPE_CODES, row.taskDependType ?? -1) ?? "TASK_POST";
  const { startNodes } = parseCommandParam(row.commandParam);
  const graph = buildGraph({
    tasks,
    relations,
    startCodes: startNodes.map((node) => codeOf(node, tasks)),
    depend,
  });
  return { graph, tasks: new Map(tasks.map((task) => [task.code, task])), timeouts };
}
