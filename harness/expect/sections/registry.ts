import { parseNodeName } from "../../../src/model/index.ts";
import { pointerTo } from "../../base/index.ts";
import type { Json } from "../../case/resolved-case.ts";
import type { RegistryRecord } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import type { Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import {
  isList,
  isMap,
  isMatcher,
  type Mismatch,
  matches,
  matchUnordered,
  mismatchOf,
  show,
  splitRest,
} from "../matchers.ts";
import { expectationFinding, type Section } from "../section.ts";
import { addressIn, matchesNode, mentions } from "../selectors.ts";
import { parsedAs } from "./compare-fields.ts";

const NODES = /^\/nodes\/(?:master|worker|alert-server)\/(.+)$/;
const MARKER = /^\/nodes\/failover-finish-nodes\/(.+)$/;

/** What stands in the registry: nodes and markers exactly, unordered; locks and entries by path, null for absent. */
export const judgeRegistry: Section = (value, pointer, context) => {
  if (!isMap(value)) return [expectationFinding("registry", pointer, "expected a map")];
  return Object.entries(value).flatMap(([key, expected]): readonly Finding[] => {
    const at = pointerTo(pointer, key);
    switch (key) {
      case "registered":
        return judgeNodes(
          expected,
          { pointer: at, noun: "registered nodes", found: registered(context.facts) },
          context,
        );
      case "markers":
        return judgeNodes(expected, { pointer: at, noun: "markers", found: marked(context.facts) }, context);
      case "locks":
        return judgePaths(expected, at, context, "lock");
      case "entries":
        return judgePaths(expected, at, context, "entry");
      default:
        return [];
    }
  });
};

/** Addresses, one for each incarnation that is registered. */
function registered(facts: Facts): readonly string[] {
  return entriesLike(NODES, facts).map((name) => parseNodeName(name)?.address ?? name);
}

function marked(facts: Facts): readonly string[] {
  return entriesLike(MARKER, facts).map(
    (name) => facts.evidence.nodes.find(({ address }) => mentions(name, address))?.address ?? name,
  );
}

function entriesLike(pattern: RegExp, facts: Facts): readonly string[] {
  return facts.evidence.snapshot.registry.flatMap(({ path }) => {
    const name = pattern.exec(path)?.[1];
    return name === undefined || name.includes("/") ? [] : [name];
  });
}

interface NodeSet {
  readonly pointer: string;
  readonly noun: string;
  readonly found: readonly string[];
}

function judgeNodes(expected: Json, set: NodeSet, context: JudgeContext): readonly Finding[] {
  const { items, open } = nodeList(expected);
  const fits = (item: Json, address: string): boolean => matchesNode(item, { address }, context);
  const isEnough = open ? set.found.length >= items.length : set.found.length === items.length;
  if (isEnough && matchUnordered(items, set.found, fits)) return [];
  const names = set.found.map((address) => context.facts.nameOf(address)).join(", ");
  const message = `${set.noun}: expected ${items.map(show).join(", ") || "none"}, found ${names || "none"}`;
  return [expectationFinding("registry", set.pointer, message, describeTree(context.facts))];
}

/** Order means nothing here; with `$contains` there may be more. */
function nodeList(expected: Json): { readonly items: readonly Json[]; readonly open: boolean } {
  const { $unordered, $contains } = isMatcher(expected) ? expected : {};
  const list = $unordered ?? $contains ?? expected;
  const { items, open } = splitRest(isList(list) ? list : [list]);
  return { items, open: open || $contains !== undefined };
}

function judgePaths(
  expected: Json,
  pointer: string,
  context: JudgeContext,
  kind: RegistryRecord["kind"],
): readonly Finding[] {
  const { facts, scope } = context;
  return Object.entries(isMap(expected) ? expected : {}).flatMap(([written, value]): readonly Finding[] => {
    const path = scope.replaceNodes(written.startsWith("/") ? written : `/${written}`);
    const record = facts.evidence.snapshot.registry.find((one) => one.kind === kind && one.path === path);
    const found =
      kind === "lock" ? compareHolder(value, record, context) : compareValue(value, record, context);
    if (found === undefined) return [];
    const message = `registry ${path}: expected ${found.expected}, was ${found.actual}`;
    return [expectationFinding("registry", pointerTo(pointer, written), message, describeTree(facts))];
  });
}

function compareValue(
  expected: Json,
  record: RegistryRecord | undefined,
  context: JudgeContext,
): Mismatch | undefined {
  const value = record === undefined ? null : parsedAs(expected, record.value);
  return mismatchOf(expected, value, context.scope);
}

function compareHolder(
  expected: Json,
  record: RegistryRecord | undefined,
  context: JudgeContext,
): Mismatch | undefined {
  const address = record === undefined ? null : addressIn(record.value, context.facts);
  if (matchesNode(expected, { address }, context)) return undefined;
  if (record !== undefined && matches(expected, record.value, context.scope)) return undefined;
  return {
    path: [],
    expected: show(expected),
    actual: address === null ? "free" : context.facts.nameOf(address),
  };
}

function describeTree(facts: Facts): readonly string[] {
  return facts.evidence.snapshot.registry.map(
    ({ kind, path, value }) => `${kind === "lock" ? "lock " : ""}${path} = ${value.slice(0, 80)}`,
  );
}
