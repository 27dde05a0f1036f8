import type { CommandType, TaskDependType } from "./vocabulary.ts";

/** A parameter as DolphinScheduler stores it. */
export interface StoredParameter {
  readonly prop: string;
  readonly value: string;
  readonly direct: string;
  readonly type: string;
}

/** What a repeat or a recovery changes of the instance besides its parameters. Absent: as it is. */
export interface InstanceChanges {
  readonly workerGroup?: string;
  readonly priority?: number;
  readonly failureStrategy?: number;
  readonly dryRun?: boolean;
}

/** `command_param`, read. What is missing or of another form is empty: only text that is no JSON object is refused. */
export interface CommandParameters {
  /** Codes, or names as older versions of this program stored them. */
  readonly startNodes: readonly (string | number)[];
  readonly commandParams: readonly Readonly<Record<string, unknown>>[];
  /** The dates of a backfill that are still to be run, the present one first. */
  readonly backfillTimes: readonly string[];
  readonly changes: InstanceChanges;
  /** Everything as stored, for keys that nobody here knows. */
  readonly stored: Readonly<Record<string, unknown>>;
}

const NONE: CommandParameters = {
  startNodes: [],
  commandParams: [],
  backfillTimes: [],
  changes: {},
  stored: {},
};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function changesOf(value: unknown): InstanceChanges {
  if (!isRecord(value)) return {};
  const { workerGroup, priority, failureStrategy, dryRun } = value;
  return {
    ...(typeof workerGroup === "string" ? { workerGroup } : {}),
    ...(typeof priority === "number" ? { priority } : {}),
    ...(typeof failureStrategy === "number" ? { failureStrategy } : {}),
    ...(typeof dryRun === "boolean" ? { dryRun } : {}),
  };
}

/** Reads a `command_param`; null and empty text are empty. Undefined: it is no JSON object. */
export function readCommandParam(text: string | null): CommandParameters | undefined {
  if (text === null || text.trim() === "") return NONE;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const isNode = (node: unknown): node is string | number =>
    typeof node === "string" || typeof node === "number";
  return {
    startNodes: listOf(value["startNodes"]).filter(isNode),
    commandParams: listOf(value["commandParams"]).filter(isRecord),
    backfillTimes: listOf(value["backfillTimeList"]).filter((time) => typeof time === "string"),
    changes: changesOf(value["changes"]),
    stored: value,
  };
}

const RESUMES: ReadonlySet<CommandType> = new Set([
  "REPEAT_RUNNING",
  "START_FAILURE_TASK_PROCESS",
  "RECOVER_SUSPENDED_PROCESS",
]);

/** Why a command of this type cannot be carried out with this parameter. Undefined: it can. */
export function flawOfCommand(type: CommandType | undefined, text: string | null): string | undefined {
  const param = readCommandParam(text);
  if (type === "START_CURRENT_TASK_PROCESS" && (param?.startNodes ?? []).length === 0)
    return `${type} starts from tasks, and its command_param names none in startNodes`;
  if (type === "COMPLEMENT_DATA" && (param?.backfillTimes ?? []).length === 0)
    return `${type} runs a list of dates, and its command_param has none in backfillTimeList`;
  if (
    type === "COMPLEMENT_DATA" &&
    param?.backfillTimes.some((time) => parseScheduleTime(time) === undefined)
  )
    return `${type}: not every entry of backfillTimeList is a time like 2024-08-01 00:00:00`;
  if (type !== undefined && RESUMES.has(type) && param === undefined)
    return `${type}: its command_param is no JSON object`;
  return undefined;
}

/** The parameters of a start, with those of a later command in front. */
function mergeParams(
  before: CommandParameters["commandParams"],
  after: CommandParameters["commandParams"],
): CommandParameters["commandParams"] {
  const replaced = new Set(after.map((param) => param["prop"]));
  return [...before.filter((param) => !replaced.has(param["prop"])), ...after];
}

/** What a repeat or a recovery leaves in the instance. */
export interface NextRun {
  /** Null: as it is. */
  readonly commandParam: string | null;
  readonly taskDependType: number | null;
  readonly changes: InstanceChanges;
}

/**
 * What a repeat or a recovery makes of the parameters that the instance was started with. Its values win over earlier
 * ones of the same name. Start nodes of a repeat take the place of the instance's; those of a recovery only choose what
 * is recovered, so the instance keeps its own.
 */
export function nextRunOf(
  command: { readonly type: CommandType; readonly param: string | null; readonly depend: number | null },
  instance: { readonly param: string | null },
): NextRun {
  const given = readCommandParam(command.param) ?? NONE;
  const kept = readCommandParam(instance.param) ?? NONE;
  const moves = command.type === "REPEAT_RUNNING" && given.startNodes.length > 0;
  if (given.commandParams.length === 0 && !moves)
    return { commandParam: null, taskDependType: null, changes: given.changes };
  const commandParam = JSON.stringify({
    commandType: "START_PROCESS" satisfies CommandType,
    timeZone: "UTC",
    ...kept.stored,
    startNodes: moves ? given.startNodes : kept.startNodes,
    commandParams: mergeParams(kept.commandParams, given.commandParams),
  });
  return { commandParam, taskDependType: moves ? command.depend : null, changes: given.changes };
}

/** Parameters as they are stored. */
export function storedParameters(params: Readonly<Record<string, string>>): readonly StoredParameter[] {
  return Object.entries(params).map(([prop, value]) => ({ prop, value, direct: "IN", type: "VARCHAR" }));
}

/** Which tasks a start names, and in which direction it goes from there. */
export interface StartChoice {
  readonly startNodes: readonly (string | number)[];
  readonly depend: TaskDependType;
}

const TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** `2024-08-01`, `2024-08-01 12:30` or `2024-08-01 12:30:00`, in UTC. Undefined for anything else. */
export function parseScheduleTime(text: string): number | undefined {
  const found = TIME.exec(text.trim());
  if (found === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0"] = found;
  const at = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  // The 31st of February would be taken for a day of March.
  return new Date(at).getUTCDate() === Number(day) && Number(hour) < 24 ? at : undefined;
}

/** The other way round: `2024-08-01 12:30:00`. */
export function formatScheduleTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19).replace("T", " ");
}
