import { listWords, type ProblemText } from "../problems/problem-sink.ts";
import type { Json } from "../resolved-case.ts";
import { nearestWord } from "../vocabulary/nearest-word.ts";
import { isList, isRecord } from "../vocabulary/read-json.ts";
import type { SchemaNode } from "./case-schema.ts";
import type { NoBranch } from "./choose-branch.ts";
import { type Mistake, misspeltMainKey } from "./find-mistakes.ts";

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "null",
  array: "a list",
  object: "a map",
};

/** Says a mistake in words: what is wrong, what is allowed, the nearest right word. */
export function describeMistake(mistake: Mistake): ProblemText {
  const { kind, schema, value } = mistake;
  switch (kind.is) {
    case "unknown-key":
      return unknownKey(mistake, kind.key);
    case "second-main-key":
      return {
        code: "case/main-key",
        what: `\`${kind.first}\` and \`${kind.key}\` cannot stand together: each says what this is`,
        fix: kind.first === "$rest" ? "give `$rest` an item of its own" : "keep one of them",
      };
    case "bad-key":
      return {
        code: "case/value",
        what: `\`${kind.key}\` is not ${titled(kind.names)}`,
        ...hint(kind.names),
      };
    case "missing-key":
      return { code: "case/missing-key", what: `the key \`${kind.key}\` is missing` };
    case "no-branch":
      return noBranch(value, kind.expected);
    case "type":
      return withTheOnlyWord(wrongType(value, kind.types, schema.title ?? ""), schema);
    case "enum":
      return notAllowed(mistake);
    case "pattern":
      return { code: "case/value", what: `${show(value)} is not ${titled(schema)}`, ...hint(schema) };
    case "bound":
      return { code: "case/value", what: kind.text };
  }
}

function unknownKey(mistake: Mistake, key: string): ProblemText {
  const { schema, value } = mistake;
  const allowed = Object.keys(schema.properties ?? {});
  const present = isRecord(value) ? Object.keys(value) : [];
  const nearest = nearestWord(
    key,
    allowed.filter((word) => !present.includes(word)),
  );
  const mainKey = schema.required?.[0];
  const beside = mainKey !== undefined && present.includes(mainKey) ? ` beside \`${mainKey}\`` : "";
  const mergeKey =
    key === "<<" ? { fix: "YAML 1.2 has no merge keys: lay files over each other with `use`" } : {};
  return {
    code: "case/unknown-key",
    what: `unknown key \`${key}\`${beside}`,
    why: `Allowed here: ${listWords(allowed)}.`,
    ...(nearest === undefined ? mergeKey : { fix: `did you mean \`${nearest}\`?` }),
  };
}

function noBranch(value: Json, expected: NoBranch): ProblemText {
  const { title, types, mainKeys } = expected;
  if (!isRecord(value) || mainKeys.length === 0) return wrongType(value, types, title);
  const thing = title === "" ? "map" : title;
  const why = `It needs exactly one of: ${listWords(mainKeys)}.`;
  const misspelt = misspeltMainKey(value, expected);
  if (misspelt === undefined) return { code: "case/main-key", what: `this ${thing} has no main key`, why };
  return {
    code: "case/main-key",
    what: `unknown key \`${misspelt}\` in a ${thing}`,
    why,
    fix: `did you mean \`${nearestWord(misspelt, mainKeys) ?? ""}\`?`,
  };
}

function wrongType(value: Json, types: readonly string[], title: string): ProblemText {
  const kinds = [...new Set(types)].map((type) => TYPES[type] ?? type);
  const meant = title === "" || kinds.some((kind) => kind.endsWith(title)) ? "" : ` (${title})`;
  const scalar = typeof value === "number" || typeof value === "boolean";
  return {
    code: "case/type",
    what: `must be ${orList(kinds)}${meant}, is ${kindOf(value)}`,
    ...(scalar && types.includes("string") ? { fix: quoted(value, title) } : {}),
    ...(typeof value === "string" && types.includes("boolean") ? readAsYesNo(value) : {}),
    ...(typeof value === "string" && kinds.join() === "a list"
      ? { fix: `write it as a list: [${value}]` }
      : {}),
  };
}

/** YAML 1.2 has no other words for true and false. */
function readAsYesNo(text: string): { fix?: string } {
  if (/^(yes|on|y)$/i.test(text)) return { fix: "write true" };
  return /^(no|off|n)$/i.test(text) ? { fix: "write false" } : {};
}

function quoted(value: number | boolean, title: string): string {
  if (title.startsWith("duration")) return `write it with its unit: ${String(value)}s`;
  return `put it in quotes: "${String(value)}"`;
}

/** Where only one word is allowed, that is what to write. */
function withTheOnlyWord(text: ProblemText, schema: SchemaNode): ProblemText {
  return schema.enum?.length === 1 ? { ...text, fix: `write "${String(schema.enum[0])}", in quotes` } : text;
}

function notAllowed({ value, schema, pointer }: Mistake): ProblemText {
  const key = pointer.split("/").findLast((step) => !/^\d*$/.test(step));
  const place = key === undefined ? "allowed here" : `a value of \`${key}\``;
  const allowed = schema.enum ?? [];
  const nearest = nearestWord(typeof value === "string" ? value : "", allowed);
  return {
    code: "case/value",
    what: `${show(value)} is not ${schema.title === undefined ? place : titled(schema)}`,
    why:
      allowed.length === 1 ? `Only \`${String(allowed[0])}\` is allowed.` : `Allowed: ${listWords(allowed)}.`,
    ...(nearest === undefined ? {} : { fix: `did you mean \`${nearest}\`?` }),
  };
}

function hint(schema: SchemaNode): { why?: string } {
  if (schema.examples !== undefined) return { why: `For example: ${schema.examples.join(", ")}.` };
  return schema.description === undefined ? {} : { why: schema.description };
}

function titled(schema: SchemaNode): string {
  const title = schema.title ?? "valid value";
  return `${/^[aeiou]/.test(title) ? "an" : "a"} ${title}`;
}

function kindOf(value: Json): string {
  if (value === null) return "empty";
  if (isList(value)) return "a list";
  if (isRecord(value)) return "a map";
  return typeof value === "string" ? `the text ${show(value)}` : String(value);
}

function orList(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words[words.length - 1] ?? ""}`;
}

/** A value in a message: its first line, at most sixty characters. */
function show(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.split("\n")[0] ?? "";
  return `\`${line.length < text.length || line.length > 60 ? `${line.slice(0, 60)}…` : line}\``;
}
