import type { Scope } from "../checks/case-scope.ts";
import { checkAddresses, checkNode, readInstanceRef, readTaskRef } from "../checks/check-references.ts";
import type { CaseNode, Json, NodeGroup, Selector, Target } from "../resolved-case.ts";
import { isList, isRecord } from "../vocabulary/read-json.ts";
import { readSelector, readTarget } from "../vocabulary/read-selector.ts";

/** Where a selector stands, and what may be named there. */
export interface SelectorPlace {
  readonly pointer: string;
  /** `it` can be used: the step waits for something that happens at a node. */
  readonly it: boolean;
  /** Steps that can be named by `hitBy`. */
  readonly steps: readonly string[];
  /** Services that could stand here as well. */
  readonly services?: readonly string[];
}

/** Reads and checks a selector: names, roles, groups that can never have a member. */
export function resolveSelector(scope: Scope, value: Json | undefined, place: SelectorPlace): Selector {
  const selector = readSelector(value);
  if (value !== undefined) check(scope, value, selector, place);
  return selector;
}

/** The same for a target: `registry` and `database` are services. */
export function resolveTarget(scope: Scope, value: Json | undefined, place: SelectorPlace): Target {
  const target = readTarget(value);
  if (target.kind === "service") return target;
  if (target.kind === "targets") {
    const items = isList(value) ? value : [];
    const of = items.map((item, index) =>
      resolveTarget(scope, item, { ...place, pointer: `${place.pointer}/${index}` }),
    );
    return { kind: "targets", of };
  }
  return resolveSelector(scope, value, { ...place, services: ["registry", "database"] });
}

/** Complains about a step that is not there, or not there yet. */
export function checkStep(
  scope: Scope,
  step: string,
  place: { readonly pointer: string; readonly steps: readonly string[] },
): void {
  if (step === "" || scope.names.stepsBroken || place.steps.includes(step)) return;
  if (scope.names.steps.includes(step)) {
    scope.sink.report(place.pointer, {
      code: "case/impossible",
      what: `the step \`${step}\` is not over when this is asked: only earlier steps can be named`,
    });
    return;
  }
  scope.sink.unknown(place.pointer, "step", { word: step, allowed: place.steps });
}

function check(scope: Scope, value: Json, selector: Selector, place: SelectorPlace): void {
  const inner = (key: string | number): SelectorPlace => ({ ...place, pointer: `${place.pointer}/${key}` });
  const of = (key: string): Json | undefined => (isRecord(value) ? value[key] : undefined);
  switch (selector.kind) {
    case "name":
      checkNode(scope, selector.name, place.pointer, place.services);
      return;
    case "it":
      checkIt(scope, place);
      return;
    case "ownerOf":
      readInstanceRef(scope, of("ownerOf"), inner("ownerOf").pointer);
      return;
    case "runnerOf":
      readTaskRef(scope, of("runnerOf"), inner("runnerOf").pointer);
      return;
    case "coordinatorOf":
      resolveSelector(scope, of("coordinatorOf"), inner("coordinatorOf"));
      return;
    case "holderOf":
      checkAddresses(scope, selector.lock, inner("holderOf").pointer);
      return;
    case "activeOf":
      if (selector.role === "alertServers") checkGroup(scope, "alertServers", inner("activeOf").pointer);
      return;
    case "hitBy":
      checkStep(scope, selector.step, inner("hitBy"));
      checkHits(scope, selector.step, inner("hitBy").pointer);
      return;
    case "any":
    case "all":
    case "each":
      checkGroup(scope, selector.group, inner(selector.kind).pointer);
      if (selector.except !== undefined) checkExcept(scope, selector, of("except"), inner("except"));
      return;
    case "list":
      for (const [index, item] of (isList(value) ? value : []).entries()) {
        resolveTarget(scope, item, inner(index));
      }
  }
}

/** A `hitBy` of a step that hits no process never matches. */
function checkHits(scope: Scope, step: string, pointer: string): void {
  const action = scope.names.actionsOnNobody.get(step);
  if (action === undefined) return;
  scope.sink.report(pointer, {
    code: "case/impossible",
    what: `the step \`${step}\` hits no process: \`${action}\` is not done to a node`,
  });
}

function checkIt(scope: Scope, place: SelectorPlace): void {
  if (place.it) return;
  scope.sink.report(place.pointer, {
    code: "case/impossible",
    what: "`it` is the node where the moment happened: there is no such node here",
    fix: "wait for a task, instance, event, failpoint or node with `when`, or name the node",
  });
}

function membersOf(scope: Scope, group: NodeGroup): readonly CaseNode[] {
  const nodes = [...(scope.names.nodes?.values() ?? [])];
  if (group === "nodes") return nodes;
  const kind = { masters: "master", workers: "worker", alertServers: "alert-server" }[group];
  return nodes.filter((node) => node.kind === kind);
}

function checkGroup(scope: Scope, group: NodeGroup, pointer: string): void {
  if (scope.names.nodes === undefined || membersOf(scope, group).length > 0) return;
  scope.sink.report(pointer, {
    code: "case/impossible",
    what: `the cluster has no ${group}: this can never match`,
    fix: `set \`cluster.${group}\``,
  });
}

function checkExcept(
  scope: Scope,
  selector: Extract<Selector, { kind: "any" | "all" | "each" }>,
  value: Json | undefined,
  place: SelectorPlace,
): void {
  const except = resolveSelector(scope, value, place);
  const names = (except.kind === "list" ? except.of : [except]).flatMap((one) =>
    one.kind === "name" ? [one.name] : [],
  );
  const members = membersOf(scope, selector.group);
  if (members.length > 0 && members.every((node) => names.includes(node.name))) {
    scope.sink.report(place.pointer, {
      code: "case/impossible",
      what: `all ${selector.group} are excepted: this can never match`,
    });
  }
}
