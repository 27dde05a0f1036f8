import { pointerTo } from "../base/index.ts";
import { dereference, type SchemaNode } from "./case-schema.ts";
import { chooseBranch, fits, isNoBranch, jsonType, mainKeysOf, type NoBranch } from "./choose-branch.ts";
import { nearestWord } from "./nearest-word.ts";
import { isList, isRecord } from "./read-json.ts";
import type { Json } from "./resolved-case.ts";

/** One thing in a document that the schema does not allow. */
export interface Mistake {
  readonly pointer: string;
  readonly value: Json;
  /** The schema that was not met. */
  readonly schema: SchemaNode;
  readonly kind:
    | { readonly is: "unknown-key"; readonly key: string }
    | { readonly is: "second-main-key"; readonly key: string; readonly first: string }
    | { readonly is: "bad-key"; readonly key: string; readonly names: SchemaNode }
    | { readonly is: "missing-key"; readonly key: string }
    | { readonly is: "no-branch"; readonly expected: NoBranch }
    | { readonly is: "type"; readonly types: readonly string[] }
    | { readonly is: "enum" }
    | { readonly is: "pattern" }
    | { readonly is: "bound"; readonly text: string };
}

/**
 * Everything in a value that the schema does not allow. An interpreter of the part of draft-07 that the schema uses:
 * ajv compiles these branches in half a second, longer than a user should wait for the answer. A test compares both.
 */
export function findMistakes(schema: SchemaNode, value: Json, pointer = ""): readonly Mistake[] {
  const node = dereference(schema);
  const mistake = (kind: Mistake["kind"], at: SchemaNode = node): readonly Mistake[] => [
    { pointer, value, schema: at, kind },
  ];
  if (node.oneOf !== undefined) {
    const branch = chooseBranch(node, node.oneOf, value);
    if (isNoBranch(branch)) {
      return [...mistake({ is: "no-branch", expected: branch }), ...mistakesBeside(branch, value, pointer)];
    }
    return findMistakes(branch, value, pointer).map((one) => asSecondMainKey(one, pointer, mainKeysOf(node)));
  }
  // An `anyOf` offers words to editors; its last member is the rule.
  const rule = node.anyOf?.[node.anyOf.length - 1];
  if (rule !== undefined) return findMistakes(rule, value, pointer);

  const types = node.type === undefined ? [] : [node.type].flat();
  if (types.length > 0 && !types.some((type) => fits(jsonType(value), type)))
    return mistake({ is: "type", types });
  if (isRecord(value)) return mapMistakes(node, value, pointer);
  if (isList(value)) return listMistakes(node, value, pointer);
  return scalarMistakes(node, value).flatMap((kind) => mistake(kind));
}

/** A key that would have chosen another branch is not unknown, but one too many. */
function asSecondMainKey(mistake: Mistake, pointer: string, mainKeys: readonly string[]): Mistake {
  const { kind, schema } = mistake;
  const first = schema.required?.[0];
  if (kind.is !== "unknown-key" || mistake.pointer !== pointer || first === undefined) return mistake;
  if (!mainKeys.includes(first) || !mainKeys.includes(kind.key)) return mistake;
  return { ...mistake, kind: { is: "second-main-key", key: kind.key, first } };
}

/** What is wrong in the other keys of a map whose main key is missing or misspelt: those that the branches share. */
function mistakesBeside(expected: NoBranch, value: Json, pointer: string): readonly Mistake[] {
  if (!isRecord(value)) return [];
  const misspelt = misspeltMainKey(value, expected);
  const meant = misspelt === undefined ? undefined : nearestWord(misspelt, expected.mainKeys);
  const branch = expected.branches.get(meant ?? expected.mainKeys[0] ?? "");
  const properties = branch === undefined ? {} : (dereference(branch).properties ?? {});
  return Object.keys(value).flatMap((key) => {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const schema = property ?? (key === misspelt && meant !== undefined ? properties[meant] : undefined);
    return schema === undefined ? [] : findMistakes(schema, value[key] ?? null, pointerTo(pointer, key));
  });
}

/** The key of a map that was probably meant to be its main key. */
export function misspeltMainKey(value: Json, expected: NoBranch): string | undefined {
  if (!isRecord(value)) return undefined;
  return Object.keys(value).find((key) => nearestWord(key, expected.mainKeys) !== undefined);
}

function mapMistakes(
  node: SchemaNode,
  value: Readonly<Record<string, Json>>,
  pointer: string,
): readonly Mistake[] {
  const found: Mistake[] = [];
  const add = (kind: Mistake["kind"]): void => void found.push({ pointer, value, schema: node, kind });
  for (const key of node.required ?? []) {
    if (!Object.hasOwn(value, key)) add({ is: "missing-key", key });
  }
  const keys = Object.keys(value);
  if (keys.length < (node.minProperties ?? 0)) add({ is: "bound", text: "must not be empty" });
  for (const key of keys) {
    const properties = node.properties ?? {};
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) {
      found.push(...findMistakes(property, value[key] ?? null, pointerTo(pointer, key)));
      continue;
    }
    if (node.additionalProperties === false) {
      add({ is: "unknown-key", key });
      continue;
    }
    if (node.propertyNames !== undefined) {
      const names = dereference(node.propertyNames);
      if (scalarMistakes(names, key).length > 0) {
        add({ is: "bad-key", key, names });
        continue;
      }
    }
    if (typeof node.additionalProperties === "object") {
      found.push(...findMistakes(node.additionalProperties, value[key] ?? null, pointerTo(pointer, key)));
    }
  }
  return found;
}

function listMistakes(node: SchemaNode, value: readonly Json[], pointer: string): readonly Mistake[] {
  const found: Mistake[] = [];
  const bound = (text: string): void =>
    void found.push({ pointer, value, schema: node, kind: { is: "bound", text } });
  if (value.length < (node.minItems ?? 0)) bound(`the list must have at least ${node.minItems ?? 0} items`);
  if (value.length > (node.maxItems ?? Number.POSITIVE_INFINITY)) {
    bound(`the list must have at most ${node.maxItems ?? 0} items`);
  }
  const { items } = node;
  if (items === undefined) return found;
  return [...found, ...value.flatMap((item, index) => findMistakes(items, item, pointerTo(pointer, index)))];
}

const patterns = new Map<string, RegExp>();

function scalarMistakes(node: SchemaNode, value: Json): readonly Mistake["kind"][] {
  if (typeof value === "string") {
    if (node.enum !== undefined && !node.enum.includes(value)) return [{ is: "enum" }];
    if (value.length < (node.minLength ?? 0)) return [{ is: "bound", text: "must not be empty" }];
    if (node.pattern !== undefined) {
      const pattern = patterns.get(node.pattern) ?? new RegExp(node.pattern);
      patterns.set(node.pattern, pattern);
      if (!pattern.test(value)) return [{ is: "pattern" }];
    }
  }
  if (typeof value === "number") {
    if (node.minimum !== undefined && value < node.minimum)
      return [{ is: "bound", text: `must be at least ${node.minimum}, is ${value}` }];
    if (node.maximum !== undefined && value > node.maximum)
      return [{ is: "bound", text: `must be at most ${node.maximum}, is ${value}` }];
  }
  return [];
}
