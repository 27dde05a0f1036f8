import { GENERAL_PROBLEM_CODES } from "../../base/index.ts";
import { PROBLEM_CODES } from "../problems/problem-codes.ts";
import { CASE_SCHEMA, dereference, type SchemaNode } from "../schema/case-schema.ts";

/** The two pages that are generated (`npm run generate`); a test keeps them fresh. */
export const REFERENCE_PAGES: Readonly<Record<string, () => string>> = {
  "docs/case-reference.md": caseReference,
  "docs/errors.md": errorReference,
};

/** Sections of the page, each with the definitions that it shows. */
const SECTIONS: readonly (readonly [string, readonly string[]])[] = [
  ["cluster", ["cluster", "settings"]],
  ["database", ["database", "workflow", "task", "instance", "attempt", "command"]],
  ["registry", ["registry"]],
  ["inject: steps", ["step", "operation"]],
  ["inject: moments", ["moment"]],
  ["Selectors", ["selector"]],
  ["expect", ["expectation", "verification", "expectedAttempt", "expectedCommand"]],
  ["Conditions", ["matcher"]],
];

function caseReference(): string {
  const lines = [
    "# Reference of the case format, version 1.0",
    "",
    "Generated from schemas/case.schema.json by `npm run generate`. How to write a case: writing-cases.md.",
    "",
    "A **bold** key is a main key: exactly one of them stands in such a map, and decides what may stand beside it.",
    "A value `$matrix.key` may stand for any value, list or map.",
    "",
    "## Top level",
    "",
    ...tableOf([CASE_SCHEMA]),
  ];
  for (const [title, names] of SECTIONS) {
    lines.push(`## ${title}`, "");
    for (const name of names) {
      const node = CASE_SCHEMA.definitions[name];
      if (node === undefined) continue;
      if (names.length > 1) lines.push(`### ${nameOf(name, node)}`, "");
      if (node.description !== undefined) lines.push(node.description, "");
      lines.push(...tableOf(branchesOf(node)));
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

const NAMES: Readonly<Record<string, string>> = {
  settings: "settings, nodes.<name>",
  workflow: "workflows.<name>",
  task: "tasks.<name>",
  instance: "an item of instances",
  attempt: "an item of tasks.<name> of an instance",
  command: "an item of commands",
  step: "a step",
  operation: "operate",
  expectation: "expect",
  verification: "verify",
  expectedAttempt: "an item of tasks.<name> in expect.instances",
  expectedCommand: "an item of expect.commands and expect.errorCommands",
};

function nameOf(name: string, node: SchemaNode): string {
  return NAMES[name] ?? node.title ?? name;
}

/** All maps that a place allows. */
function branchesOf(node: SchemaNode): readonly SchemaNode[] {
  const target = dereference(node);
  if (target.oneOf !== undefined) return target.oneOf.flatMap(branchesOf);
  return target.properties === undefined ? [] : [target];
}

/** One row per key; a key that several branches share is shown once, after those that tell them apart. */
function tableOf(branches: readonly SchemaNode[]): readonly string[] {
  const union = branches.length > 1;
  const rows = new Map<string, string>();
  for (const branch of branches) {
    const main = union ? branch.required?.[0] : undefined;
    if (main === undefined) continue;
    const also = Object.keys(branch.properties ?? {}).filter(
      (key) => key !== main && branches.filter((other) => other.properties?.[key] !== undefined).length === 1,
    );
    const beside = also.length === 0 ? "" : ` Also: ${also.map((key) => `\`${key}\``).join(", ")}.`;
    rows.set(main, row(`**${main}**`, branch.properties?.[main], `${branch.description ?? ""}${beside} `));
  }
  for (const branch of branches) {
    for (const [key, property] of Object.entries(branch.properties ?? {})) {
      if (rows.has(key)) continue;
      const needed = branch.required?.includes(key) === true ? `\`${key}\` (needed)` : `\`${key}\``;
      rows.set(key, row(needed, property, ""));
    }
  }
  return ["| key | value | meaning |", "| --- | --- | --- |", ...rows.values(), ""];
}

function row(key: string, property: SchemaNode | undefined, before: string): string {
  const meaning = `${before}${property === undefined ? "" : descriptionOf(property)}`.trim();
  return `| ${key} | ${escape(property === undefined ? "" : valueOf(property))} | ${escape(meaning)} |`;
}

/** The first description on the way from a property to what it refers to. */
function descriptionOf(node: SchemaNode): string {
  if (node.description !== undefined || node.$ref === undefined) return node.description ?? "";
  const target = CASE_SCHEMA.definitions[node.$ref.slice("#/definitions/".length)];
  return target === undefined ? "" : descriptionOf(target);
}

/** What may stand there, in short: "duration", "STOP, WAITING", "list of steps". */
function valueOf(node: SchemaNode): string {
  const target = dereference(node);
  if (target.title === "matrix value") return "";
  if (target.enum !== undefined) return target.enum.map((word) => `\`${word}\``).join(" ");
  if (target.title !== undefined && node.$ref !== undefined) return target.title;
  const members = target.oneOf ?? target.anyOf;
  if (members !== undefined) {
    return [...new Set(members.map(valueOf).filter((text) => text !== ""))].join(", or ");
  }
  if (target.title !== undefined) return target.title;
  if (target.type === "array") {
    const items = target.items === undefined ? "" : valueOf(target.items);
    return items === "" ? "list" : `list of: ${items}`;
  }
  if (target.type === "object") return mapOf(target);
  return scalarOf(target);
}

function mapOf(node: SchemaNode): string {
  const keys = Object.keys(node.properties ?? {});
  if (keys.length > 6) return "map, see below";
  if (keys.length > 0) return `map: ${keys.join(" ")}`;
  const inner = typeof node.additionalProperties === "object" ? valueOf(node.additionalProperties) : "";
  return inner === "" ? "map" : `map by name of: ${inner}`;
}

function scalarOf(node: SchemaNode): string {
  const words: Readonly<Record<string, string>> = {
    string: "text",
    integer: "number",
    boolean: "true, false",
  };
  const types = node.type === undefined ? ["any value"] : [node.type].flat();
  const range =
    node.minimum === undefined
      ? ""
      : ` from ${node.minimum}${node.maximum === undefined ? "" : ` to ${node.maximum}`}`;
  return `${types.map((type) => words[type] ?? type).join(", ")}${range}`;
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

function errorReference(): string {
  const rows = (table: Readonly<Record<string, { meaning: string; fix: string }>>): readonly string[] =>
    Object.entries(table).map(
      ([code, { meaning, fix }]) => `| \`${code}\` | ${escape(meaning)} | ${escape(fix)} |`,
    );
  return [
    "# Errors",
    "",
    "Generated from problem-codes.ts in harness/case and harness/base by `npm run generate`.",
    "",
    "A problem is shown with its place (file:line:column), what is wrong, why, and how to fix it; its code is in",
    "brackets.",
    "The first part of a code is its family, and decides the exit code:",
    "",
    "| family | what | exit code |",
    "| --- | --- | --- |",
    "| `case/…` | a case file, or a file that it names, is invalid | 2 |",
    "| `arguments/…` | the arguments of the command are | 2 |",
    "| `environment/…` | the registry, the database or the processes could not be provided | 3 |",
    "",
    "A case that ran and failed is not an error: its verdict says which invariant or section of `expect` was broken.",
    "",
    "## Problems of case files",
    "",
    "All problems of all files are named at once, before anything is started.",
    "",
    "| code | meaning | what to do |",
    "| --- | --- | --- |",
    ...rows(PROBLEM_CODES),
    "",
    "## Other problems",
    "",
    "| code | meaning | what to do |",
    "| --- | --- | --- |",
    ...rows(GENERAL_PROBLEM_CODES),
    "",
  ].join("\n");
}
