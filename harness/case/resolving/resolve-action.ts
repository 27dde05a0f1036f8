import { FAILPOINT_NAMES } from "../../../src/base/index.ts";
import { notYet, type Scope } from "../checks/case-scope.ts";
import { readInstanceRef } from "../checks/check-references.ts";
import type { Action, Json, RawSection, Selector } from "../resolved-case.ts";
import {
  isRecord,
  readDuration,
  readList,
  readMap,
  readNumber,
  readText,
  readWord,
} from "../vocabulary/read-json.ts";
import { checkExpect } from "./check-expect.ts";
import { resolveCommand } from "./resolve-commands.ts";
import { DEFAULT_WITHIN } from "./resolve-moment.ts";
import { resolveSelector, resolveTarget, type SelectorPlace } from "./resolve-selector.ts";

const PROCESS_ACTIONS = ["kill", "stop", "pause", "start", "resume", "restart"] as const;
const LATER_ACTIONS = [
  "expireSession",
  "overload",
  "busy",
  "fillDisk",
  "outage",
  "stall",
  "promote",
  "partition",
  "latency",
  "bandwidth",
  "reset",
  "loseReply",
  "skewClock",
] as const;

/** The action of a step: the value of its main key. */
export function resolveAction(scope: Scope, section: RawSection, place: SelectorPlace): Action {
  const inner = (key: string): SelectorPlace => ({ ...place, pointer: `${place.pointer}/${key}` });
  for (const kind of PROCESS_ACTIONS) {
    if (section[kind] !== undefined) {
      return { kind, target: resolveTarget(scope, section[kind], inner(kind)) };
    }
  }
  if (section["replace"] !== undefined) {
    return { kind: "replace", target: resolveSelector(scope, section["replace"], inner("replace")) };
  }
  if (section["failpoint"] !== undefined) {
    return resolveFailpoint(scope, readMap(section["failpoint"]), inner("failpoint"));
  }
  if (section["operate"] !== undefined) {
    return resolveOperation(scope, readMap(section["operate"]), inner("operate"));
  }
  if (section["sql"] !== undefined) return { kind: "sql", statement: readText(section["sql"]) ?? "" };
  if (section["verify"] !== undefined) {
    const { within, ...sections } = readMap(section["verify"]);
    checkExpect(scope, sections, { pointer: inner("verify").pointer, steps: place.steps });
    if (Object.keys(sections).length === 0) {
      const what = "`verify` names nothing that must be true";
      scope.sink.report(inner("verify").pointer, { code: "case/missing-key", what });
    }
    return { kind: "verify", expect: sections, within: readDuration(within) ?? DEFAULT_WITHIN };
  }
  const name = LATER_ACTIONS.find((one) => section[one] !== undefined);
  if (name === undefined) return { kind: "unsupported", name: "" };
  checkLater(scope, section[name], inner(name));
  notYet(scope, `action \`${name}\``, inner(name).pointer);
  return { kind: "unsupported", name };
}

/** What this version cannot do is still checked: the file is right or wrong whoever runs it. */
function checkLater(scope: Scope, value: Json | undefined, place: SelectorPlace): void {
  const inner = (key: string): SelectorPlace => ({ ...place, pointer: `${place.pointer}/${key}` });
  if (!isRecord(value) || ["from", "to", "between", "node"].every((key) => value[key] === undefined)) {
    if (isRecord(value) && value["of"] !== undefined) return;
    resolveTarget(scope, value, place);
    return;
  }
  for (const key of ["from", "to", "node"]) {
    if (value[key] !== undefined) resolveTarget(scope, value[key], inner(key));
  }
  for (const [index, one] of readList(value["between"]).entries()) {
    resolveTarget(scope, one, inner(`between/${index}`));
  }
}

function resolveFailpoint(scope: Scope, section: RawSection, place: SelectorPlace): Action {
  const delay = readDuration(section["delay"]);
  const what = readWord(section["do"], ["hold", "delay", "fail", "die"]) ?? "hold";
  if (what === "delay" && section["delay"] === undefined) {
    scope.sink.report(place.pointer, {
      code: "case/missing-key",
      what: "`do: delay` needs the key `delay`: how long",
    });
  } else if (what !== "delay" && section["delay"] !== undefined) {
    scope.sink.report(`${place.pointer}/delay`, {
      code: "case/impossible",
      what: `\`delay\` goes with \`do: delay\`, not with \`do: ${what}\``,
    });
  }
  const by =
    section["by"] === undefined
      ? undefined
      : resolveSelector(scope, section["by"], { ...place, pointer: `${place.pointer}/by` });
  return {
    kind: "failpoint",
    at: readWord(section["at"], FAILPOINT_NAMES) ?? "command.claim.before",
    do: what,
    by,
    nth: readNumber(section["nth"]),
    delay,
  };
}

function resolveOperation(scope: Scope, section: RawSection, place: SelectorPlace): Action {
  const via =
    section["via"] === undefined
      ? undefined
      : resolveSelector(scope, section["via"], { ...place, pointer: `${place.pointer}/via` });
  if (via !== undefined) checkMaster(scope, via, `${place.pointer}/via`);
  const answer = readWord(section["answer"], ["any", "accepted", "refused"]) ?? "any";
  for (const kind of ["pause", "stop"] as const) {
    if (section[kind] === undefined) continue;
    const instance = readInstanceRef(scope, section[kind], `${place.pointer}/${kind}`);
    return { kind: "operate", request: { kind, instance }, via, answer };
  }
  return { kind: "operate", request: resolveCommand(scope, section, place.pointer), via, answer };
}

/** Only a master answers operators; a worker would be asked in vain until the time is over. */
function checkMaster(scope: Scope, via: Selector, pointer: string): void {
  const kind = via.kind === "name" ? scope.names.nodes?.get(via.name)?.kind : undefined;
  if (kind === undefined || kind === "master") return;
  const what = `\`${via.kind === "name" ? via.name : ""}\` is not a master: only masters take orders`;
  scope.sink.report(pointer, { code: "case/impossible", what });
}
