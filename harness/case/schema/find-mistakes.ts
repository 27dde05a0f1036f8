import type { ErrorObject } from "ajv";
import { pointerTo } from "../../base/index.ts";
import type { Json } from "../resolved-case.ts";
import { nearestWord } from "../vocabulary/nearest-word.ts";
import { isList, isRecord } from "../vocabulary/read-json.ts";
import { dereference, type SchemaNode } from "./case-schema.ts";
import { chooseBranch, isNoBranch, mainKeysOf, type NoBranch } from "./choose-branch.ts";
import { validateBranch } from "./compile-branch.ts";

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
 * Everything in a value that the schema does not allow. At a union the branch is chosen first, and only that one is
 * asked, so that one mistake gives one message; ajv validates the branch, and leaves the unions inside of it to us.
 */
export function findMistakes(schema: SchemaNode, value: Json, pointer = ""): readonly Mistake[] {
  const node = dereference(schema);
  if (node.oneOf === undefined) return branchMistakes(node, value, pointer);
  const branch = chooseBranch(node, node.oneOf, value);
  if (!isNoBranch(branch)) {
    return branchMistakes(branch, value, pointer).map((one) =>
      asSecondMainKey(one, pointer, mainKeysOf(node)),
    );
  }
  const mistake: Mistake = { pointer, value, schema: node, kind: { is: "no-branch", expected: branch } };
  return [mistake, ...mistakesBeside(branch, value, pointer)];
}

function branchMistakes(node: SchemaNode, value: Json, pointer: string): readonly Mistake[] {
  const { errors, unions } = validateBranch(node, value);
  // What stands under a key that cannot be there has no meaning.
  const meaningless = errors.flatMap(({ keyword, instancePath, params }) =>
    keyword === "propertyNames" ? [pointerTo(instancePath, String(params["propertyName"]))] : [],
  );
  const counts = (place: string): boolean =>
    !meaningless.some((key) => place === key || place.startsWith(`${key}/`));
  return [
    ...firstOfEach(errors.filter((error) => counts(error.instancePath))).map((error) =>
      mistakeOf(error, pointer),
    ),
    ...unions
      .filter((union) => counts(union.pointer))
      .flatMap((union) => findMistakes(union.node, union.value, `${pointer}${union.pointer}`)),
  ];
}

/** Of a value of the wrong type ajv also says that it is none of the allowed words: the first complaint is enough. */
function firstOfEach(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const settled = new Set<string>();
  return errors.filter(({ keyword, instancePath, data, propertyName }) => {
    // Why a key is no name is told by the error of `propertyNames`.
    if (propertyName !== undefined || settled.has(instancePath)) return false;
    if (keyword === "type" || !(isRecord(data as Json) || isList(data as Json))) settled.add(instancePath);
    return true;
  });
}

function mistakeOf(error: ErrorObject, pointer: string): Mistake {
  return {
    pointer: `${pointer}${error.instancePath}`,
    value: error.data as Json,
    schema: (error.parentSchema ?? {}) as SchemaNode,
    kind: kindOf(error),
  };
}

function kindOf({ keyword, params, parentSchema, schema, data, message }: ErrorObject): Mistake["kind"] {
  switch (keyword) {
    case "additionalProperties":
      return { is: "unknown-key", key: String(params["additionalProperty"]) };
    case "propertyNames": {
      const names = dereference(parentSchema?.["propertyNames"] as SchemaNode);
      return { is: "bad-key", key: String(params["propertyName"]), names };
    }
    case "required":
      return { is: "missing-key", key: String(params["missingProperty"]) };
    case "type":
      return { is: "type", types: [schema as string | readonly string[]].flat() };
    case "enum":
    case "pattern":
      return { is: keyword };
    case "minLength":
    case "minProperties":
      return { is: "bound", text: "must not be empty" };
    case "minItems":
      return {
        is: "bound",
        text: `the list must have at least ${String(schema)} item${schema === 1 ? "" : "s"}`,
      };
    case "maxItems":
      return {
        is: "bound",
        text: `the list must have at most ${String(schema)} item${schema === 1 ? "" : "s"}`,
      };
    case "minimum":
      return { is: "bound", text: `must be at least ${String(schema)}, is ${String(data)}` };
    case "maximum":
      return { is: "bound", text: `must be at most ${String(schema)}, is ${String(data)}` };
    default:
      return { is: "bound", text: message ?? keyword };
  }
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
