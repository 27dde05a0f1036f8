import type { CommandType } from "../../../src/model/index.ts";
import { parseInstanceRef } from "../../case/index.ts";
import type { Json } from "../../case/resolved-case.ts";
import type { Row } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import { type Facts, numberIn, textIn } from "../facts.ts";
import { isList, isMap, isMatcher, type Mismatch, mismatchOf, show, textOf } from "../matchers.ts";
import { checkRowSet } from "../row-set.ts";
import type { Section } from "../section.ts";
import { wordIn } from "../words.ts";
import { compareFields } from "./compare-fields.ts";
import { propertyMap, textValues } from "./properties.ts";

/** Main keys of a command, with the type that they mean. */
const TYPES: Readonly<Record<string, CommandType>> = {
  start: "START_PROCESS",
  repeat: "REPEAT_RUNNING",
  recoverFailed: "START_FAILURE_TASK_PROCESS",
  recoverSuspended: "RECOVER_SUSPENDED_PROCESS",
  failover: "RECOVER_TOLERANCE_FAULT_PROCESS",
};

/** Exactly these commands wait, in id order. */
export const judgeCommands: Section = (value, pointer, context) =>
  judgeRows(value, { code: "commands", table: "t_ds_command", noun: "command", pointer }, context);

/** Exactly these commands failed, in id order. */
export const judgeErrorCommands: Section = (value, pointer, context) =>
  judgeRows(
    value,
    { code: "errorCommands", table: "t_ds_error_command", noun: "error command", pointer },
    context,
  );

interface CommandTable {
  readonly code: string;
  readonly table: string;
  readonly noun: string;
  readonly pointer: string;
}

function judgeRows(value: Json, set: CommandTable, context: JudgeContext): ReturnType<Section> {
  const { facts } = context;
  return checkRowSet(
    value,
    {
      ...set,
      rows: facts.rows(set.table),
      compare: (item, row) => compareCommand(item, row, set.table, context),
      describe: (row) => describeCommand(row, set.table, facts),
    },
    context,
  );
}

function compareCommand(item: Json, row: Row, table: string, context: JudgeContext): Mismatch | undefined {
  const { facts, scope } = context;
  const ofType = (kind: string, of: Json): Mismatch | undefined => {
    const actual = wordIn(table, "command_type", row["command_type"]);
    const typeFound = mismatchOf(TYPES[kind] ?? null, actual, scope);
    return typeFound ?? (kind === "start" ? ofWorkflow(of) : ofInstance(of));
  };
  const ofWorkflow = (of: Json): Mismatch | undefined =>
    mismatchOf(of, facts.workflowNameOf(row["workflow_definition_code"]), scope);
  const ofInstance = (of: Json): Mismatch | undefined => {
    const id = numberIn(row, "workflow_instance_id");
    if (isMatcher(of)) return mismatchOf(of, facts.instanceById(id)?.name ?? null, scope);
    const ref = parseInstanceRef(textOf(of));
    if (ref !== undefined && facts.instancesOf(ref).some((one) => one.id === id)) return undefined;
    return { path: [], expected: show(of), actual: facts.instanceById(id)?.name ?? `instance ${id}` };
  };
  const main = Object.keys(TYPES).map((kind) => [kind, (of: Json) => ofType(kind, of)] as const);
  return compareFields(
    item,
    {
      table,
      row,
      columns: { priority: "workflow_instance_priority" },
      special: {
        ...Object.fromEntries(main),
        type: (expected) => mismatchOf(expected, wordIn(table, "command_type", row["command_type"]), scope),
        was: (expected) => mismatchOf(expected, stateBefore(row, facts), scope),
        params: (expected) =>
          mismatchOf(textValues(expected), propertyMap(paramOf(row, "commandParams")), scope),
        startNodes: (expected) => mismatchOf(expected, startNodesOf(row, facts), scope),
        alertGroup: (expected) => mismatchOf(expected, alertGroupOf(row, facts), scope),
      },
    },
    context,
  );
}

/** The state in which a failover found the workflow: in the command's parameters, else on the workflow's row. */
function stateBefore(row: Row, facts: Facts): Json {
  const told = paramOf(row, "workflowExecutionStatus");
  if (told !== null) return told;
  const instance = facts.instanceById(numberIn(row, "workflow_instance_id"));
  return wordIn("t_ds_workflow_instance", "pre_failover_state", instance?.row["pre_failover_state"]);
}

function paramOf(row: Row, name: string): Json {
  try {
    const params: Json = JSON.parse(textIn(row, "command_param") || "null");
    return (isMap(params) ? params[name] : undefined) ?? null;
  } catch {
    return null;
  }
}

/** Stored as codes, named in the case. */
function startNodesOf(row: Row, facts: Facts): Json {
  const codes = paramOf(row, "startNodes");
  if (!isList(codes)) return codes;
  const nameOf = (code: Json): Json => {
    const task = facts.rows("t_ds_task_definition").find((one) => one["code"] === code);
    return task === undefined ? code : textIn(task, "name");
  };
  return codes.map(nameOf);
}

function alertGroupOf(row: Row, facts: Facts): Json {
  const group = facts.rows("t_ds_alertgroup").find((one) => one["id"] === row["warning_group_id"]);
  return group === undefined ? null : textIn(group, "group_name");
}

function describeCommand(row: Row, table: string, facts: Facts): string {
  const instanceId = numberIn(row, "workflow_instance_id");
  const workflow = facts.workflowNameOf(row["workflow_definition_code"]);
  const about =
    instanceId > 0 ? (facts.instanceById(instanceId)?.name ?? `instance ${instanceId}`) : workflow;
  const message = textIn(row, "message");
  const type = wordIn(table, "command_type", row["command_type"]);
  return `${type} of ${about} (id ${numberIn(row, "id")})${message === "" ? "" : `: ${message}`}`;
}
