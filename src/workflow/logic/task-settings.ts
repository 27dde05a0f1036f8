import type { Dependence, Relation } from "../../model/index.ts";

/** `task_params` that do not say what the task needs. The message says what is missing. The attempt fails by it. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

type Settings = Readonly<Record<string, unknown>>;

function asSettings(value: unknown): Settings | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Settings)
    : undefined;
}

/** `task_params` as a map. Throws SettingsError. */
export function parseSettings(taskParams: string | null): Settings {
  let value: unknown;
  try {
    value = JSON.parse(taskParams ?? "");
  } catch {
    throw new SettingsError("its task_params are not JSON");
  }
  const settings = asSettings(value);
  if (settings === undefined) throw new SettingsError("its task_params are no object");
  return settings;
}

function section(settings: Settings, key: string): Settings {
  const found = asSettings(settings[key]);
  if (found === undefined) throw new SettingsError(`its task_params have no ${key}`);
  return found;
}

function entries(settings: Settings, key: string): readonly Settings[] {
  const list = settings[key] ?? [];
  if (!Array.isArray(list)) throw new SettingsError(`${key} in its task_params is no list`);
  return list.map((entry: unknown) => {
    const found = asSettings(entry);
    if (found === undefined)
      throw new SettingsError(`${key} in its task_params has an entry that is no object`);
    return found;
  });
}

/** One code or several, as numbers or as texts; DolphinScheduler has written all of these. */
function codesIn(value: unknown): readonly number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list
    .filter((code) => code !== null && code !== undefined && code !== "")
    .map(Number)
    .filter((code) => Number.isSafeInteger(code) && code > 0);
}

function relationOf(settings: Settings): Relation {
  const relation = settings["relation"] ?? "AND";
  if (relation === "AND" || relation === "OR") return relation;
  throw new SettingsError(`a relation in its task_params is neither AND nor OR: ${JSON.stringify(relation)}`);
}

function readDependence<Item>(settings: Settings, readItem: (item: Settings) => Item): Dependence<Item> {
  const dependence = section(settings, "dependence");
  return {
    relation: relationOf(dependence),
    groups: entries(dependence, "dependTaskList").map((group) => ({
      relation: relationOf(group),
      items: entries(group, "dependItemList").map(readItem),
    })),
  };
}

/** A task and the state that a CONDITIONS task asks it for. */
export interface ConditionItem {
  readonly taskCode: number;
  readonly status: string;
}

export interface ConditionsSettings {
  readonly dependence: Dependence<ConditionItem>;
  readonly success: readonly number[];
  readonly failed: readonly number[];
  /** What it has decided, once it has. */
  readonly decided: boolean | undefined;
}

/** What a CONDITIONS task asks, and where it leads. Throws SettingsError. */
export function readConditions(settings: Settings): ConditionsSettings {
  const result = section(settings, "conditionResult");
  return {
    dependence: readDependence(settings, (item) => ({
      taskCode: Number(item["depTaskCode"]),
      status: String(item["status"]),
    })),
    success: codesIn(result["successNode"]),
    failed: codesIn(result["failedNode"]),
    decided: typeof result["conditionSuccess"] === "boolean" ? result["conditionSuccess"] : undefined,
  };
}

/** The same settings with the decision in them, where DolphinScheduler has it too. */
export function withCondition(settings: Settings, conditionSuccess: boolean): Settings {
  return { ...settings, conditionResult: { ...section(settings, "conditionResult"), conditionSuccess } };
}

export interface SwitchSettings {
  readonly cases: readonly { readonly condition: string; readonly next: readonly number[] }[];
  readonly otherwise: readonly number[];
  /** What it has decided, once it has. */
  readonly decided: readonly number[] | undefined;
}

/** What a SWITCH task asks, and where it leads. Throws SettingsError. */
export function readSwitch(settings: Settings): SwitchSettings {
  const result = section(settings, "switchResult");
  const { nextBranch } = settings;
  return {
    cases: entries(result, "dependTaskList").map((entry) => ({
      condition: String(entry["condition"] ?? ""),
      next: codesIn(entry["nextNode"]),
    })),
    otherwise: codesIn(result["nextNode"]),
    decided: nextBranch === undefined ? undefined : codesIn(nextBranch),
  };
}

/** The same settings with the branch in them, where DolphinScheduler has it too. */
export function withBranch(settings: Settings, nextBranch: readonly number[]): Settings {
  return { ...settings, nextBranch: nextBranch.length === 1 ? nextBranch[0] : nextBranch };
}

/** What a DEPENDENT task waits for. */
export interface DependentItem {
  readonly definitionCode: number;
  /** Undefined: the whole workflow. */
  readonly taskCode: number | undefined;
  readonly dateValue: string;
}

export interface DependentSettings {
  readonly dependence: Dependence<DependentItem>;
  /** How long a failed dependency is given to be repaired, milliseconds. Default 0. */
  readonly failureWaitingMs: number;
}

const MINUTE_MS = 60_000;

/** What a DEPENDENT task asks for. Throws SettingsError. */
export function readDependent(settings: Settings): DependentSettings {
  const { failurePolicy, failureWaitingTime } = section(settings, "dependence");
  const waits = failurePolicy === "DEPENDENT_FAILURE_WAITING";
  return {
    dependence: readDependence(settings, (item) => {
      const taskCode = Number(item["depTaskCode"] ?? 0);
      return {
        definitionCode: Number(item["definitionCode"]),
        // 0 and -1 are both written for the whole workflow.
        taskCode: taskCode > 0 ? taskCode : undefined,
        dateValue: String(item["dateValue"] ?? "today"),
      };
    }),
    failureWaitingMs: waits ? (Number(failureWaitingTime ?? 0) || 0) * MINUTE_MS : 0,
  };
}

/** The definition that a SUB_WORKFLOW task starts. Throws SettingsError. */
export function readChildDefinition(settings: Settings): number {
  // The older name is from before processes became workflows.
  const [code] = codesIn(settings["workflowDefinitionCode"] ?? settings["processDefinitionCode"]);
  if (code === undefined) throw new SettingsError("its task_params name no workflowDefinitionCode");
  return code;
}
