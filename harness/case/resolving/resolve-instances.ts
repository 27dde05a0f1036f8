import { isWorkflowFinished, TASK_STATE_CODES, WORKFLOW_STATE_CODES } from "../../../src/model/index.ts";
import { pointerTo } from "../../base/index.ts";
import { addInstances } from "../checks/case-names.ts";
import type { Scope } from "../checks/case-scope.ts";
import { checkColumns } from "../checks/check-columns.ts";
import {
  checkTask,
  checkWorkflow,
  readHost,
  readInstanceRef,
  readTaskRef,
} from "../checks/check-references.ts";
import { keyPointer } from "../reading/located.ts";
import type { AttemptSeed, InstanceSeed, Json, RawSection } from "../resolved-case.ts";
import {
  isRecord,
  readDuration,
  readList,
  readMap,
  readNumber,
  readParams,
  readText,
  readWord,
} from "../vocabulary/read-json.ts";

const AT = "/database/instances";

/** Reads `database.instances`: `count` written out, attempts with their flags, numbered per workflow. */
export function resolveInstances(scope: Scope, value: Json | undefined): readonly InstanceSeed[] {
  const sections = readList(value);
  // Counted first: an instance may name one that comes after it.
  for (const one of sections) {
    if (!isRecord(one)) continue;
    addInstances(scope.names, readText(one["workflow"]) ?? "", readNumber(one["count"]) ?? 1);
  }
  checkIds(scope, sections);
  const seeds = sections.flatMap((one, index) =>
    isRecord(one) ? resolveInstance(scope, one, `${AT}/${index}`) : [],
  );
  return withOrdinals(seeds);
}

/** A number for each instance of a workflow, in the order of ids: as listed, unless all of them say their id. */
function withOrdinals(seeds: readonly InstanceSeed[]): readonly InstanceSeed[] {
  const numbers = new Map<InstanceSeed, number>();
  for (const workflow of new Set(seeds.map((seed) => seed.workflow))) {
    const own = seeds.filter((seed) => seed.workflow === workflow);
    const numbered = own.every((seed) => seed.id !== undefined);
    const ordered = numbered ? own.toSorted((a, b) => (a.id ?? 0) - (b.id ?? 0)) : own;
    for (const [index, seed] of ordered.entries()) numbers.set(seed, index + 1);
  }
  return seeds.map((seed) => ({ ...seed, ordinal: numbers.get(seed) ?? 1 }));
}

function resolveInstance(scope: Scope, section: RawSection, pointer: string): readonly InstanceSeed[] {
  const workflow = readText(section["workflow"]) ?? "";
  const known = checkWorkflow(scope, workflow, `${pointer}/workflow`);
  const count = readNumber(section["count"]) ?? 1;
  const id = readNumber(section["id"]);
  if (id !== undefined && count > 1) {
    scope.sink.report(`${pointer}/id`, {
      code: "case/impossible",
      what: `${count} instances cannot have the same id`,
    });
  }
  const columns = readMap(section["columns"]);
  checkColumns(scope, { table: "t_ds_workflow_instance", row: columns, pointer: `${pointer}/columns` });
  const seed: InstanceSeed = {
    pointer,
    workflow,
    ordinal: 1,
    state: readWord(section["state"], WORKFLOW_STATE_CODES) ?? "RUNNING_EXECUTION",
    host: readHost(scope, section["host"], `${pointer}/host`),
    parent: resolveParent(scope, section, pointer),
    params: readParams(section["params"]),
    runTimes: readNumber(section["runTimes"]) ?? 1,
    startedAgo: readDuration(section["startedAgo"]),
    restartedAgo: readDuration(section["restartedAgo"]),
    id,
    columns,
    tasks: Object.entries(readMap(section["tasks"])).map(([task, attempts]) => {
      const at = pointerTo(`${pointer}/tasks`, task);
      if (known) checkTask(scope, { workflow, task }, keyPointer(at));
      return { task, attempts: resolveAttempts(scope, attempts, at) };
    }),
  };
  checkOwner(scope, seed);
  return Array.from({ length: count }, () => seed).map((one) => ({ ...one }));
}

function checkOwner(scope: Scope, seed: InstanceSeed): void {
  const node = seed.host === null ? undefined : scope.names.nodes?.get(seed.host);
  if (node === undefined) return;
  const pointer = `${seed.pointer}/host`;
  if (node.kind !== "master") {
    const what = `\`${node.name}\` is not a master: only masters own workflow instances`;
    scope.sink.report(pointer, { code: "case/impossible", what });
  } else if (!node.absent && !isWorkflowFinished(seed.state)) {
    scope.sink.report(pointer, {
      code: "case/impossible",
      what: `an unfinished instance (${seed.state}) on \`${node.name}\`, which is up`,
      why: "A master that is up knows what it owns; a row that it never took would be a wrong start.",
      fix: `add \`absent: ${node.name}\` to \`cluster\`, or start it with \`database.commands\``,
    });
  }
}

function resolveParent(scope: Scope, section: RawSection, pointer: string): InstanceSeed["parent"] {
  if (readText(section["parent"]) === undefined) return undefined;
  const parent = readTaskRef(scope, section["parent"], `${pointer}/parent`);
  const kind = scope.names.workflows?.get(parent.workflow)?.kinds.get(parent.task);
  if (kind !== undefined && kind !== "subWorkflow") {
    scope.sink.report(`${pointer}/parent`, {
      code: "case/impossible",
      what: `\`${parent.workflow}.${parent.task}\` is a \`${kind}\` task: it has no sub-workflow`,
    });
  }
  return parent;
}

function resolveAttempts(scope: Scope, value: Json, pointer: string): readonly AttemptSeed[] {
  const items = readList(value);
  return items.map((item, index) => {
    const section: RawSection = isRecord(item) ? item : { state: item };
    const at = `${pointer}/${index}`;
    const columns = readMap(section["columns"]);
    checkColumns(scope, { table: "t_ds_task_instance", row: columns, pointer: `${at}/columns` });
    const child = section["child"];
    return {
      pointer: at,
      state: readWord(section["state"], TASK_STATE_CODES) ?? "SUBMITTED_SUCCESS",
      flag: readWord(section["flag"], ["YES", "NO"]) ?? (index === items.length - 1 ? "YES" : "NO"),
      host: readHost(scope, section["host"], `${at}/host`),
      retryTimes: readNumber(section["retryTimes"]) ?? 0,
      child: child === undefined ? undefined : readInstanceRef(scope, child, `${at}/child`),
      out: readParams(section["out"]),
      firstSubmittedAgo: readDuration(section["firstSubmittedAgo"]),
      submittedAgo: readDuration(section["submittedAgo"]),
      startedAgo: readDuration(section["startedAgo"]),
      endedAgo: readDuration(section["endedAgo"]),
      id: readNumber(section["id"]),
      columns,
    };
  });
}

/** Ids are unique in their table. */
function checkIds(scope: Scope, sections: readonly Json[]): void {
  const seen = { instance: new Set<number>(), attempt: new Set<number>() };
  const check = (kind: keyof typeof seen, value: Json | undefined, pointer: string): void => {
    const id = readNumber(value);
    if (id === undefined) return;
    if (seen[kind].has(id)) {
      scope.sink.report(pointer, { code: "case/duplicate", what: `another ${kind} has the id ${id}` });
    }
    seen[kind].add(id);
  };
  for (const [index, section] of sections.entries()) {
    const at = `${AT}/${index}`;
    check("instance", readMap(section)["id"], `${at}/id`);
    for (const [task, attempts] of Object.entries(readMap(readMap(section)["tasks"]))) {
      for (const [number, attempt] of readList(attempts).entries()) {
        check("attempt", readMap(attempt)["id"], `${pointerTo(`${at}/tasks`, task)}/${number}/id`);
      }
    }
  }
}
