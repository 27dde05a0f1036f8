import { REGISTRY_PATHS } from "../../src/model/index.ts";
import { parseInstanceRef, parseTaskRef } from "../case/index.ts";
import type { Json } from "../case/resolved-case.ts";
import type { JudgeContext } from "./context.ts";
import { type Facts, type InstanceFact, textIn } from "./facts.ts";
import { isList, isMap, isMatcher, matches, textOf } from "./matchers.ts";

/** A node that a selector means; with an incarnation it is that process and no later one on the address. */
export interface SelectedNode {
  readonly address: string;
  readonly incarnation?: string;
}

const GROUP_KINDS: Readonly<Record<string, string>> = {
  masters: "master",
  workers: "worker",
  alertServers: "alert-server",
};

/** The nodes that a selector means at the end of the case. */
export function selectNodes(selector: Json, context: JudgeContext): readonly SelectedNode[] {
  const { facts } = context;
  if (isList(selector)) return selector.flatMap((one) => selectNodes(one, context));
  if (typeof selector === "string") {
    const address = facts.nodeByName(selector)?.address ?? context.scope.replaceNodes(selector);
    return [{ address }];
  }
  if (!isMap(selector)) return [];
  const { except, ...main } = selector;
  const [[kind, value] = ["", null]] = Object.entries(main);
  const excluded = except === undefined ? [] : selectNodes(except, context);
  return selectByRole(kind, value, context).filter(
    ({ address }) => !excluded.some((other) => other.address === address),
  );
}

function selectByRole(kind: string, value: Json, context: JudgeContext): readonly SelectedNode[] {
  const { facts } = context;
  switch (kind) {
    case "ownerOf": {
      const ref = parseInstanceRef(textOf(value));
      return ref === undefined ? [] : facts.instancesOf(ref).flatMap((one) => ownersOf(one, facts));
    }
    case "runnerOf":
      return runnersOf(value, facts);
    case "hitBy":
      return facts.evidence.steps
        .filter(({ id }) => id === value)
        .flatMap(({ hit }) => hit)
        .flatMap(({ node, incarnation }) => {
          const address = facts.nodeByName(node)?.address;
          return address === undefined ? [] : [incarnation === "" ? { address } : { address, incarnation }];
        });
    case "coordinatorOf":
      return coordinatorsOf(selectNodes(value, context), facts);
    case "holderOf":
      return facts.evidence.snapshot.registry
        .filter(
          (record) => record.kind === "lock" && record.path === context.scope.replaceNodes(textOf(value)),
        )
        .map(({ value: holder }) => ({ address: addressIn(holder, facts) }));
    case "activeOf":
      return activeOf(value, facts);
    case "any":
    case "all":
    case "each":
      return facts.evidence.nodes
        .filter((node) => value === "nodes" || node.kind === GROUP_KINDS[textOf(value)])
        .map(({ address }) => ({ address }));
    default:
      return [];
  }
}

function ownersOf(instance: InstanceFact, facts: Facts): readonly SelectedNode[] {
  const incarnation = textIn(instance.row, "owner_incarnation");
  const life = facts.lifeOf(incarnation);
  if (life !== undefined) return [{ address: life.node.address, incarnation }];
  const host = textIn(instance.row, "host");
  return host === "" ? [] : [{ address: host }];
}

function runnersOf(value: Json, facts: Facts): readonly SelectedNode[] {
  const ref = parseTaskRef(textOf(value));
  if (ref === undefined) return [];
  return facts.instancesOf(ref).flatMap((instance) => {
    const newest = instance.attempts.filter(({ task }) => task === ref.task).at(-1);
    const host = newest === undefined ? "" : textIn(newest.row, "host");
    return host === "" ? [] : [{ address: host }];
  });
}

/** Who said that it fails over one of the dead. */
function coordinatorsOf(dead: readonly SelectedNode[], facts: Facts): readonly SelectedNode[] {
  return facts
    .events("failover.started")
    .filter((event) => dead.some((node) => meansNode(node, event.of, event.ofIncarnation)))
    .map(({ node, incarnation }) => ({ address: node, incarnation }));
}

function activeOf(role: Json, facts: Facts): readonly SelectedNode[] {
  const lock = role === "coordinator" ? REGISTRY_PATHS.masterFailoverLock : REGISTRY_PATHS.alertLock;
  return facts.evidence.snapshot.registry
    .filter(({ kind, path }) => kind === "lock" && path.startsWith(lock))
    .map(({ value }) => ({ address: addressIn(value, facts) }));
}

/** A holder is written as an address, as "address@incarnation" or as an incarnation. */
export function addressIn(holder: string, facts: Facts): string {
  const address = holder.split("@")[0] ?? holder;
  const direct = facts.nodeByAddress(address) ?? facts.lifeOf(holder)?.node;
  if (direct !== undefined) return direct.address;
  return facts.evidence.nodes.find((node) => mentions(holder, node.address))?.address ?? holder;
}

/** Whether a text names an address, and not a longer one that begins with it. */
export function mentions(text: string, address: string): boolean {
  const at = text.indexOf(address);
  return at >= 0 && !/\d/.test(text[at + address.length] ?? "");
}

/** Whether a selected node is the one at this address, and the process with this incarnation if both are known. */
export function meansNode(node: SelectedNode, address: string, incarnation: string | undefined): boolean {
  if (node.address !== address) return false;
  return node.incarnation === undefined || incarnation === undefined || node.incarnation === incarnation;
}

/** Compares a field that names a node (`host node by of`): a name, an address, a selector or a matcher of those. */
export function matchesNode(
  expected: Json,
  actual: { readonly address: string | null; readonly incarnation?: string },
  context: JudgeContext,
): boolean {
  const { address } = actual;
  if (expected === null) return address === null || address === "";
  if (isMatcher(expected)) {
    return Object.entries(expected).every(([name, operand]) => {
      if (name === "$in") return isList(operand) && operand.some((one) => matchesNode(one, actual, context));
      if (name === "$not") return !matchesNode(operand, actual, context);
      return matches({ [name]: operand }, address, context.scope);
    });
  }
  return (
    address !== null &&
    selectNodes(expected, context).some((node) => meansNode(node, address, actual.incarnation))
  );
}
