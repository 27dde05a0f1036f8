import { type Branching, judgeDependence } from "../../model/index.ts";
import type { TaskRow } from "../../store/index.ts";
import { parametersOf } from "../parameters.ts";
import type { RunState } from "../run-state.ts";
import { ExpressionError, evaluateCondition } from "./expression.ts";
import {
  type ConditionItem,
  type ConditionsSettings,
  parseSettings,
  readConditions,
  readSwitch,
  SettingsError,
  type SwitchSettings,
  withBranch,
  withCondition,
} from "./task-settings.ts";

/**
 * Where the branches of CONDITIONS and SWITCH tasks lead. The decision is made once and stored with the SUCCESS of the
 * attempt, in its task_params (where DolphinScheduler keeps it too): what it was made from may change afterwards, by an
 * operator who forces a task to success or by a parameter that a later task gives out, and whoever takes the workflow
 * over has to go the same way. Only an attempt without one (a row from elsewhere, or one that was forced to
 * success) is decided again from the rows.
 */

/**
 * Whether the valid attempt of a task is in the state that is asked for. A forced success is one; no attempt is none.
 */
function isInState(run: RunState, { taskCode, status }: ConditionItem): boolean {
  const state = run.tasks.get(taskCode)?.state;
  if (status === "SUCCESS") return state === "SUCCESS" || state === "FORCED_SUCCESS";
  return state === status;
}

function decideConditions(run: RunState, { dependence }: ConditionsSettings): boolean {
  return judgeDependence(dependence, (item) => (isInState(run, item) ? "yes" : "no")) === "yes";
}

/** The first case that holds. Throws ExpressionError for one before it that cannot be evaluated. */
function decideSwitch(run: RunState, task: TaskRow, settings: SwitchSettings): readonly number[] {
  const parameters = parametersOf(run, task);
  const met = settings.cases.find(({ condition }) => {
    try {
      return evaluateCondition(condition, parameters);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new ExpressionError(`its condition "${condition}" cannot be evaluated: ${error.message}`);
    }
  });
  return met?.next ?? settings.otherwise;
}

export function decidesBranch(taskType: string): boolean {
  return taskType === "CONDITIONS" || taskType === "SWITCH";
}

/** The task_params of an attempt with its decision in them. Throws SettingsError or ExpressionError. */
export function decideBranch(run: RunState, task: TaskRow): string {
  const settings = parseSettings(task.taskParams);
  const decided =
    task.taskType === "CONDITIONS"
      ? withCondition(settings, decideConditions(run, readConditions(settings)))
      : withBranch(settings, decideSwitch(run, task, readSwitch(settings)));
  return JSON.stringify(decided);
}

/** As decideSwitch, but of one that was forced to success although it cannot be decided: then nothing was met. */
function decideForced(run: RunState, task: TaskRow, settings: SwitchSettings): readonly number[] {
  try {
    return decideSwitch(run, task, settings);
  } catch (error) {
    if (error instanceof ExpressionError) return settings.otherwise;
    throw error;
  }
}

function branchesOf(
  run: RunState,
  task: TaskRow,
): { readonly all: readonly number[]; readonly chosen: readonly number[] } {
  const settings = parseSettings(task.taskParams);
  if (task.taskType === "CONDITIONS") {
    const conditions = readConditions(settings);
    const { success, failed, decided = decideConditions(run, conditions) } = conditions;
    return { all: [...success, ...failed], chosen: decided ? success : failed };
  }
  const choice = readSwitch(settings);
  const all = [...choice.cases.flatMap(({ next }) => next), ...choice.otherwise];
  return { all, chosen: choice.decided ?? decideForced(run, task, choice) };
}

function closedBy(run: RunState, task: TaskRow): ReadonlySet<number> {
  try {
    const { all, chosen } = branchesOf(run, task);
    return new Set(all.filter((code) => !chosen.includes(code)));
  } catch (error) {
    // Forced to success although nobody can read what it asks: then everything behind it runs.
    if (error instanceof SettingsError) return new Set();
    throw error;
  }
}

/** What has been decided so far. Undefined: nothing in this workflow decides. */
export function branchingOf(run: RunState): Branching | undefined {
  const deciding = [...run.definition.tasks.values()].filter((task) => decidesBranch(task.taskType));
  if (deciding.length === 0) return undefined;
  const closed = new Map<number, ReadonlySet<number>>();
  for (const { code } of deciding) {
    const task = run.tasks.get(code);
    if (task?.state === "SUCCESS" || task?.state === "FORCED_SUCCESS") closed.set(code, closedBy(run, task));
  }
  const conditions = deciding.filter((task) => task.taskType === "CONDITIONS").map((task) => task.code);
  return { conditions: new Set(conditions), closed };
}
