import { pointerTo } from "../../base/index.ts";
import { notYet, type Scope } from "../checks/case-scope.ts";
import { checkColumns, checkTables } from "../checks/check-columns.ts";
import { checkMatchers } from "../checks/check-matchers.ts";
import {
  checkAddresses,
  checkName,
  checkNode,
  checkTask,
  checkWorkflow,
  readInstanceRef,
  readTaskRef,
} from "../checks/check-references.ts";
import { keyPointer } from "../reading/located.ts";
import type { Json, RawSection } from "../resolved-case.ts";
import { isRecord, readList, readMap, readText, readWordsAt } from "../vocabulary/read-json.ts";
import { COMMAND_KINDS } from "./resolve-commands.ts";
import { resolveEventPattern } from "./resolve-event-pattern.ts";
import { checkStep, resolveSelector, type SelectorPlace } from "./resolve-selector.ts";

interface Place {
  readonly pointer: string;
  /** Steps that can be named here. */
  readonly steps: readonly string[];
}

const LENIENT = { many: true, lenient: true } as const;

/** Checks the names in the sections of `expect`, or of a `verify`; the sections stay as they were written. */
export function checkExpect(scope: Scope, expect: RawSection, place: Place): void {
  const inner = (key: string): Place => ({ ...place, pointer: `${place.pointer}/${key}` });
  const rows = (
    key: string,
    check: (scope: Scope, row: RawSection, place: Place) => void,
    within: Place = inner(key),
  ): void => {
    const value = expect[key];
    // `{ $unordered: [rows] }` holds rows as well.
    const list = isRecord(value) ? value["$unordered"] : value;
    const pointer = isRecord(value) ? `${within.pointer}/$unordered` : within.pointer;
    for (const [index, row] of readList(list).entries()) {
      if (isRecord(row)) check(scope, row, { ...place, pointer: `${pointer}/${index}` });
    }
  };
  rows("instances", checkInstance);
  rows("commands", checkCommand);
  rows("errorCommands", checkCommand);
  rows("alerts", checkAbout);
  rows("deliveries", checkAbout);
  rows("processes", checkAbout);
  rows("logs", checkAbout);
  for (const key of ["history", "never", "counts"]) rows(key, checkPattern);
  rows("timing", (_, row, at) => {
    checkStep(scope, readText(row["step"]) ?? "", { ...at, pointer: `${at.pointer}/step` });
  });
  checkRuns(scope, readMap(expect["runs"]), inner("runs"));
  checkRegistry(scope, readMap(expect["registry"]), inner("registry"));
  checkTables(scope, readMap(expect["tables"]), inner("tables").pointer);
  checkMatchers(scope, expect, place.pointer);
  if (expect["check"] !== undefined) notYet(scope, "`expect.check`", inner("check").pointer);
}

function selectorPlace(place: Place, key: string): SelectorPlace {
  return { pointer: `${place.pointer}/${key}`, it: false, steps: place.steps };
}

/** `host`: a node, a role, host:port, null or a condition. */
function checkHost(scope: Scope, value: Json | undefined, place: SelectorPlace): void {
  if (typeof value === "string") {
    if (!/^[^\s:]+:[0-9]+$/.test(value)) checkNode(scope, value, place.pointer);
  } else if (isRecord(value) && !isMatcher(value)) {
    resolveSelector(scope, value, place);
  }
}

function isMatcher(value: RawSection): boolean {
  return Object.keys(value).some((key) => key.startsWith("$"));
}

function checkInstance(scope: Scope, row: RawSection, place: Place): void {
  const workflow = readText(row["workflow"]) ?? "";
  const known = checkWorkflow(scope, workflow, `${place.pointer}/workflow`);
  checkHost(scope, row["host"], selectorPlace(place, "host"));
  if (typeof row["parent"] === "string") {
    readTaskRef(scope, row["parent"], `${place.pointer}/parent`, LENIENT);
  }
  if (isRecord(row["columns"])) {
    const pointer = `${place.pointer}/columns`;
    checkColumns(scope, { table: "t_ds_workflow_instance", row: row["columns"], pointer });
  }
  for (const [task, attempts] of Object.entries(readMap(row["tasks"]))) {
    if (task === "$rest") continue;
    const at = pointerTo(`${place.pointer}/tasks`, task);
    if (known) checkTask(scope, { workflow, task }, keyPointer(at));
    const list = isRecord(attempts) ? attempts["$unordered"] : attempts;
    const base = isRecord(attempts) ? `${at}/$unordered` : at;
    for (const [index, attempt] of readList(list).entries()) {
      if (isRecord(attempt)) checkAttempt(scope, attempt, { ...place, pointer: `${base}/${index}` });
    }
  }
}

function checkAttempt(scope: Scope, attempt: RawSection, place: Place): void {
  checkHost(scope, attempt["host"], selectorPlace(place, "host"));
  if (typeof attempt["child"] === "string") {
    readInstanceRef(scope, attempt["child"], `${place.pointer}/child`, LENIENT);
  }
  if (isRecord(attempt["columns"])) {
    const pointer = `${place.pointer}/columns`;
    checkColumns(scope, { table: "t_ds_task_instance", row: attempt["columns"], pointer });
  }
}

function checkCommand(scope: Scope, row: RawSection, place: Place): void {
  const kind = COMMAND_KINDS.find((one) => row[one] !== undefined);
  if (kind === undefined) return;
  const at = `${place.pointer}/${kind}`;
  if (kind === "start") checkWorkflow(scope, readText(row[kind]) ?? "", at);
  else readInstanceRef(scope, row[kind], at, LENIENT);
  if (isRecord(row["columns"])) {
    checkColumns(scope, {
      table: "t_ds_error_command",
      row: row["columns"],
      pointer: `${place.pointer}/columns`,
    });
  }
}

/** Rows that are about a node or an instance: alerts, deliveries, processes, logs. */
function checkAbout(scope: Scope, row: RawSection, place: Place): void {
  for (const key of ["of", "node"]) {
    if (row[key] !== undefined) resolveSelector(scope, row[key], selectorPlace(place, key));
  }
  if (row["instance"] !== undefined) {
    readInstanceRef(scope, row["instance"], `${place.pointer}/instance`, { lenient: true });
  }
  const { alertGroups } = scope.names;
  checkName(
    scope,
    { pointer: `${place.pointer}/group`, kind: "alert group", allowed: alertGroups },
    readText(row["group"]),
  );
}

function checkPattern(scope: Scope, row: RawSection, place: Place): void {
  resolveEventPattern(scope, row, { ...place, it: false });
  checkStep(scope, readText(row["since"]) ?? "", { ...place, pointer: `${place.pointer}/since` });
}

function checkRuns(scope: Scope, runs: RawSection, place: Place): void {
  for (const task of Object.keys(runs)) {
    if (task !== "$rest") readTaskRef(scope, task, keyPointer(pointerTo(place.pointer, task)), LENIENT);
  }
}

function checkRegistry(scope: Scope, registry: RawSection, place: Place): void {
  for (const key of ["registered", "markers"]) {
    const value = registry[key];
    const list = isRecord(value) ? (value["$unordered"] ?? value["$contains"]) : value;
    const at = `${place.pointer}/${key}`;
    for (const { word, pointer } of readWordsAt(list, at)) {
      checkNode(scope, word, isRecord(value) ? at : pointer);
    }
  }
  for (const [path, holder] of Object.entries(readMap(registry["locks"]))) {
    const pointer = pointerTo(`${place.pointer}/locks`, path);
    checkAddresses(scope, path, keyPointer(pointer));
    checkHost(scope, holder, { pointer, it: false, steps: place.steps });
  }
  for (const [path, text] of Object.entries(readMap(registry["entries"]))) {
    const pointer = pointerTo(`${place.pointer}/entries`, path);
    checkAddresses(scope, path, keyPointer(pointer));
    if (typeof text === "string") checkAddresses(scope, text, pointer);
  }
}
