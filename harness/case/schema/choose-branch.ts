import type { Json } from "../resolved-case.ts";
import { isList, isRecord } from "../vocabulary/read-json.ts";
import { dereference, type SchemaNode } from "./case-schema.ts";

/** One of the alternatives of a `oneOf`, and how a value is told to be meant for it. */
interface Alternative {
  readonly schema: SchemaNode;
  readonly kind: "scalar" | "rest" | "matcher" | "object";
  /** JSON types that it takes. */
  readonly types: readonly string[];
  /** First required key of an object. */
  readonly mainKey: string | undefined;
}

/** What a place allows, when the value is of none of the kinds that it allows. */
export interface NoBranch {
  readonly title: string;
  readonly types: readonly string[];
  /** Main keys, one of which a map must have; empty where a map needs none. */
  readonly mainKeys: readonly string[];
  /** The branch of each main key. */
  readonly branches: ReadonlyMap<string, SchemaNode>;
}

const flattened = new WeakMap<SchemaNode, readonly Alternative[]>();

/**
 * The branch of a `oneOf` that a value is meant for: by its type, by the `$` of its keys, or by its main key. Only that
 * branch is then asked, so that one mistake gives one message. (`$matrix` values are filled in before.)
 */
export function chooseBranch(
  node: SchemaNode,
  members: readonly SchemaNode[],
  value: Json,
): SchemaNode | NoBranch {
  const alternatives = alternativesIn(node, members);
  const objects = alternatives.filter((one) => one.kind === "object");
  if (isRecord(value)) {
    const keys = Object.keys(value);
    const special = alternatives.find(
      (one) =>
        (one.kind === "rest" && keys.includes("$rest") && objects.every((two) => !acceptsRest(two.schema))) ||
        (one.kind === "matcher" && (objects.length === 0 || keys.some((key) => key.startsWith("$")))),
    );
    const [first] = objects;
    const chosen =
      special ??
      (objects.length === 1
        ? first
        : objects.find((one) => one.mainKey === undefined || keys.includes(one.mainKey)));
    if (chosen !== undefined) return chosen.schema;
  } else {
    const type = jsonType(value);
    const chosen = alternatives.find((one) => one.types.some((allowed) => fits(type, allowed)));
    if (chosen !== undefined) return chosen.schema;
  }
  return {
    title: node.title ?? "",
    types: [...new Set(alternatives.flatMap((one) => one.types))],
    mainKeys: objects.length > 1 ? objects.flatMap((one) => one.mainKey ?? []) : [],
    branches: new Map(
      objects.flatMap((one): [string, SchemaNode][] =>
        one.mainKey === undefined ? [] : [[one.mainKey, one.schema]],
      ),
    ),
  };
}

function alternativesIn(node: SchemaNode, members: readonly SchemaNode[]): readonly Alternative[] {
  const alternatives = flattened.get(node) ?? members.flatMap(alternativesOf);
  flattened.set(node, alternatives);
  return alternatives;
}

/** The main keys of all branches of a `oneOf`. */
export function mainKeysOf(node: SchemaNode): readonly string[] {
  return alternativesIn(node, node.oneOf ?? []).flatMap((one) => one.mainKey ?? []);
}

/** Whether the answer of chooseBranch is that there is none. */
export function isNoBranch(answer: SchemaNode | NoBranch): answer is NoBranch {
  return "mainKeys" in answer;
}

/** A map of attempts or runs takes `$rest` itself, beside its other keys. */
function acceptsRest(schema: SchemaNode): boolean {
  return dereference(schema).properties?.["$rest"] !== undefined;
}

function alternativesOf(member: SchemaNode): readonly Alternative[] {
  const target = dereference(member);
  if (target.title === "matrix value") return [];
  if (target.oneOf !== undefined) return target.oneOf.flatMap(alternativesOf);
  // An `anyOf` offers words to editors; its last member is the rule.
  const schema = dereference(target.anyOf?.at(-1) ?? target);
  if (schema.type !== "object") {
    return [{ schema, kind: "scalar", types: [schema.type ?? "any"].flat(), mainKey: undefined }];
  }
  const mainKey = schema.required?.[0];
  const kind = schema.title === "matcher" ? "matcher" : mainKey === "$rest" ? "rest" : "object";
  return [{ schema, kind, types: ["object"], mainKey }];
}

/** The JSON type of a value, "integer" for a whole number. */
function jsonType(value: Json): string {
  if (value === null) return "null";
  if (isList(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** Whether a value of a type is allowed where another type stands: a whole number is a number. */
function fits(type: string, allowed: string): boolean {
  return allowed === "any" || type === allowed || (type === "integer" && allowed === "number");
}
