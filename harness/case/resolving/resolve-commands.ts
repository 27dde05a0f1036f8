import {
  FAILURE_STRATEGY_CODES,
  PRIORITY_CODES,
  TASK_DEPEND_TYPE_CODES,
  WORKFLOW_STATE_CODES,
} from "../../../src/model/index.ts";
import { addInstances } from "../checks/case-names.ts";
import type { Scope } from "../checks/case-scope.ts";
import { checkColumns } from "../checks/check-columns.ts";
import { checkName, checkTask, checkWorkflow, readInstanceRef } from "../checks/check-references.ts";
import type { CommandRequest, CommandSeed, Json, RawSection, StartOptions } from "../resolved-case.ts";
import {
  isRecord,
  readList,
  readMap,
  readNumber,
  readParams,
  readText,
  readWord,
  readWords,
  readWordsAt,
} from "../vocabulary/read-json.ts";
import { formatInstanceRef } from "../vocabulary/references.ts";

/** Main keys of a command. */
export const COMMAND_KINDS = ["start", "repeat", "recoverFailed", "recoverSuspended", "failover"] as const;

/** Reads `database.commands`. */
export function resolveCommands(scope: Scope, value: Json | undefined): readonly CommandSeed[] {
  const at = "/database/commands";
  const sections = readList(value).flatMap((section, index) =>
    isRecord(section) ? [{ section, pointer: `${at}/${index}` }] : [],
  );
  // Counted first: a command may name an instance that another one starts.
  for (const { section } of sections) countStarted(scope, section);
  const taken = new Map<string, string>();
  return sections.map(({ section, pointer }) => {
    const command = resolveCommand(scope, section, pointer);
    const count = readNumber(section["count"]) ?? 1;
    const columns = readMap(section["columns"]);
    checkColumns(scope, { table: "t_ds_command", row: columns, pointer: `${pointer}/columns` });
    if (command.kind !== "start") checkOnlyOne(scope, { command, count, pointer, taken });
    return { pointer, command, count, columns };
  });
}

/** Notes the instances that a `start` brings about. */
export function countStarted(scope: Scope, section: RawSection, times = 1): void {
  const workflow = readText(section["start"]);
  if (workflow !== undefined) {
    addInstances(scope.names, workflow, (readNumber(section["count"]) ?? 1) * times);
  }
}

interface Taken {
  readonly command: Exclude<CommandRequest, { kind: "start" }>;
  readonly count: number;
  readonly pointer: string;
  readonly taken: Map<string, string>;
}

/** The command table holds one command per instance at most. */
function checkOnlyOne(scope: Scope, { command, count, pointer, taken }: Taken): void {
  const name = formatInstanceRef(command.instance);
  const before = taken.get(name);
  if (count > 1 || before !== undefined) {
    scope.sink.report(pointer, {
      code: "case/impossible",
      what: `several commands for the instance \`${name}\`: there can be one at a time`,
      ...(before === undefined ? {} : { why: `Another one is its \`${before}\`.` }),
    });
  }
  taken.set(name, command.kind);
}

/** Reads one command, as seeded or as an operator sends it. */
export function resolveCommand(scope: Scope, section: RawSection, pointer: string): CommandRequest {
  const kind = COMMAND_KINDS.find((one) => section[one] !== undefined) ?? "start";
  if (kind === "start") {
    const workflow = readText(section["start"]) ?? "";
    checkWorkflow(scope, workflow, `${pointer}/start`);
    return { kind, workflow, options: resolveOptions(scope, section, { pointer, workflow }) };
  }
  const instance = readInstanceRef(scope, section[kind], `${pointer}/${kind}`);
  const options = resolveOptions(scope, section, { pointer, workflow: instance.workflow });
  if (kind !== "failover") return { kind, instance, options };
  return {
    kind,
    instance,
    was: readWord(section["was"], WORKFLOW_STATE_CODES) ?? "RUNNING_EXECUTION",
    options,
  };
}

function resolveOptions(
  scope: Scope,
  section: RawSection,
  about: { readonly pointer: string; readonly workflow: string },
): StartOptions {
  const { pointer, workflow } = about;
  for (const node of readWordsAt(section["startNodes"], `${pointer}/startNodes`)) {
    checkTask(scope, { workflow, task: node.word }, node.pointer);
  }
  const workerGroup = readText(section["workerGroup"]);
  const alertGroup = readText(section["alertGroup"]);
  const { groups, alertGroups } = scope.names;
  checkName(scope, { pointer: `${pointer}/workerGroup`, kind: "worker group", allowed: groups }, workerGroup);
  checkName(
    scope,
    { pointer: `${pointer}/alertGroup`, kind: "alert group", allowed: alertGroups },
    alertGroup,
  );
  return {
    params: readParams(section["params"]),
    startNodes: readWords(section["startNodes"]),
    taskDependType: readWord(section["taskDependType"], TASK_DEPEND_TYPE_CODES),
    priority: readWord(section["priority"], PRIORITY_CODES),
    dryRun: section["dryRun"] === true,
    workerGroup,
    alertGroup,
    failureStrategy: readWord(section["failureStrategy"], FAILURE_STRATEGY_CODES),
  };
}
