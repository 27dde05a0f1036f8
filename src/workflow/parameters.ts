import { isTaskFinished } from "../model/index.ts";
import type { TaskRow } from "../store/index.ts";
import { parseCommandParam } from "./definition.ts";
import type { RunState } from "./run-state.ts";
import { scheduleParameters } from "./schedule-parameters.ts";

/** A parameter as DolphinScheduler stores it in global_params, localParams and var_pool. */
interface Parameter {
  readonly prop: string;
  readonly direct: string;
  readonly value: string;
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function asParameters(value: unknown): readonly Parameter[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null || !("prop" in entry) || typeof entry.prop !== "string")
      return [];
    const direct = "direct" in entry && typeof entry.direct === "string" ? entry.direct : "IN";
    return [{ prop: entry.prop, direct, value: "value" in entry ? asText(entry.value) : "" }];
  });
}

function parseJson(text: string | null): unknown {
  if (text === null || text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A list of parameters that cannot be read gives none; the task says itself what it misses.
    return undefined;
  }
}

function localParameters(task: TaskRow): readonly Parameter[] {
  const params = parseJson(task.taskParams);
  return typeof params === "object" && params !== null && "localParams" in params
    ? asParameters(params.localParams)
    : [];
}

/** What the tasks that succeeded gave out; of two that gave the same name the later one counts. */
function varPool(run: RunState): readonly Parameter[] {
  const done = [...run.tasks.values()].filter((task) => isTaskFinished(task.state) && task.state !== "PAUSE");
  const inOrder = done.toSorted((left, right) => (left.endTime ?? 0) - (right.endTime ?? 0));
  return inOrder.flatMap((task) => asParameters(parseJson(task.varPool)));
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The parameters of a task as variables of its script. Later ones win: built-in times, global, given out by earlier
 * tasks, the task's
 * own IN parameters, those of the start command. A name that no shell variable can have is left out.
 */
export function parametersOf(run: RunState, task: TaskRow): Readonly<Record<string, string>> {
  const { commandParams } = parseCommandParam(run.row.commandParam);
  const all: readonly { readonly prop: string; readonly value: string }[] = [
    ...scheduleParameters(run.row.scheduleTime),
    ...asParameters(parseJson(run.row.globalParams)),
    ...varPool(run),
    ...localParameters(task).filter((parameter) => parameter.direct === "IN"),
    ...asParameters(commandParams),
  ];
  return Object.fromEntries(
    all.filter(({ prop }) => IDENTIFIER.test(prop)).map(({ prop, value }) => [prop, value]),
  );
}

/** The var_pool of an attempt that gave out these values: only what it declares as OUT. Undefined: nothing. */
export function varPoolOf(task: TaskRow, out: Readonly<Record<string, string>>): string | undefined {
  const given = localParameters(task)
    .filter(({ prop, direct }) => direct === "OUT" && out[prop] !== undefined)
    .map(({ prop }) => ({ prop, direct: "OUT", type: "VARCHAR", value: out[prop] }));
  return given.length === 0 ? undefined : JSON.stringify(given);
}

function property({ prop, value }: Pick<Parameter, "prop" | "value">): object {
  return { prop, direct: "IN", type: "VARCHAR", value };
}

/**
 * What a sub-workflow gets of its parent. As global parameters: the parent's, and what its tasks gave out, but where
 * the sub-workflow has one of that name itself. As start parameters, which win: the IN parameters of the task that
 * starts it, and those of the parent's start.
 */
export function parametersForChild(
  run: RunState,
  task: TaskRow,
  ownGlobalParams: string | null,
): { readonly globalParams: string; readonly commandParams: readonly object[] } {
  const { commandParams } = parseCommandParam(run.row.commandParam);
  const own = asParameters(parseJson(ownGlobalParams));
  const given = [...asParameters(parseJson(run.row.globalParams)), ...varPool(run)];
  const byName = new Map([...given, ...own].map((parameter) => [parameter.prop, parameter]));
  const start = [
    ...localParameters(task).filter((parameter) => parameter.direct === "IN"),
    ...asParameters(commandParams),
  ];
  return {
    globalParams: JSON.stringify([...byName.values()].map(property)),
    commandParams: start.map(property),
  };
}

/** What lists of given out parameters say, the later ones winning. */
export function readPools(pools: readonly string[]): Readonly<Record<string, string>> {
  const parameters = pools.flatMap((pool) => asParameters(parseJson(pool)));
  return Object.fromEntries(parameters.map(({ prop, value }) => [prop, value]));
}
