import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { FAILPOINT_NAMES } from "../../../src/base/index.ts";
import * as model from "../../../src/model/index.ts";
import { GENERAL_PROBLEM_CODES } from "../../base/index.ts";
import { PROBLEM_CODES } from "../problems/problem-codes.ts";
import type { Json } from "../resolved-case.ts";
import { REFERENCE_PAGES } from "../telling/reference-pages.ts";
import { columnsOf, TABLE_NAMES } from "../vocabulary/table-catalogue.ts";
import { CASE_SCHEMA, dereference, type SchemaNode } from "./case-schema.ts";
import { validateBranch } from "./compile-branch.ts";
import { findMistakes } from "./find-mistakes.ts";

const ROOT = path.join(__dirname, "../../..");

/** Every schema node, with a path for messages. */
function nodesOf(node: unknown, at = ""): readonly (readonly [string, SchemaNode])[] {
  if (typeof node !== "object" || node === null) return [];
  const inner = Object.entries(node).flatMap(([key, value]) => nodesOf(value, `${at}/${key}`));
  return Array.isArray(node) ? inner : [[at, node as SchemaNode], ...inner];
}

const NODES = nodesOf(CASE_SCHEMA).filter(([at]) => !/\/(properties|definitions)$/.test(at));

function descriptionOf(node: SchemaNode): string | undefined {
  if (node.description !== undefined || node.$ref === undefined) return node.description;
  return descriptionOf(CASE_SCHEMA.definitions[node.$ref.slice("#/definitions/".length)] ?? {});
}

function enumOf(definition: string): readonly string[] {
  const node = dereference({ $ref: `#/definitions/${definition}` });
  return node.enum ?? node.oneOf?.flatMap((one) => one.enum ?? []) ?? [];
}

function caseFiles(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true })
    .map((name) => path.join(ROOT, folder, String(name)))
    .filter((name) => name.endsWith(".yaml") && !name.includes("fixtures"));
}

describe("the schema, as an editor meets it", () => {
  test("every property has a description", () => {
    const missing = NODES.flatMap(([at, node]) =>
      Object.entries(node.properties ?? {}).flatMap(([key, property]) =>
        descriptionOf(property) === undefined ? [`${at}/${key}`] : [],
      ),
    );
    expect(missing).toEqual([]);
  });

  test("every map says what it takes: no branch is open by accident", () => {
    const open = NODES.filter(
      ([, node]) => node.type === "object" && node.additionalProperties === undefined,
    );
    expect(open.map(([at]) => at)).toEqual([]);
  });

  test("every reference leads somewhere, and every definition is used", () => {
    const used = new Set(NODES.flatMap(([, node]) => node.$ref ?? []));
    for (const ref of used) expect(dereference({ $ref: ref })).toBeDefined();
    const unused = Object.keys(CASE_SCHEMA.definitions).filter((name) => !used.has(`#/definitions/${name}`));
    expect(unused).toEqual([]);
  });

  test("branches of a union differ in their main key", () => {
    for (const [at, node] of NODES) {
      const keys = (node.oneOf ?? [])
        .map(dereference)
        .flatMap((branch) => (branch.type === "object" ? (branch.required?.[0] ?? []) : []));
      expect([at, keys]).toEqual([at, [...new Set(keys)]]);
    }
  });

  test("after `kill`, the keys that fit are six", () => {
    const kill = dereference({ $ref: "#/definitions/step" }).oneOf?.find(
      (one) => one.required?.[0] === "kill",
    );
    expect(Object.keys(kill?.properties ?? {}).sort()).toEqual(
      ["every", "for", "id", "kill", "landsWithin", "times", "when"].sort(),
    );
  });
});

describe("the words of the schema are those of the scheduler", () => {
  test.each([
    ["workflowStateWord", model.WORKFLOW_STATES],
    ["taskStateWord", model.TASK_STATES],
    ["priority", Object.keys(model.PRIORITY_CODES)],
    ["failpointName", FAILPOINT_NAMES],
  ] as const)("%s", (definition, words) => {
    expect([...enumOf(definition)].sort()).toEqual([...words].sort());
  });

  test("events: all types and their families", () => {
    const words = enumOf("eventType");
    expect(words.filter((word) => !word.endsWith(".*"))).toEqual(model.CASE_EVENT_TYPES);
    for (const family of words.filter((word) => word.endsWith(".*"))) {
      expect(model.CASE_EVENT_TYPES.some((type) => type.startsWith(family.slice(0, -1)))).toBe(true);
    }
  });

  test("the catalogue of tables is that of the migration", () => {
    const sql = readFileSync(path.join(ROOT, "src/store/migrations/0001-initial.ts"), "utf8");
    const tables = [...sql.matchAll(/CREATE TABLE (t_ds_\w+)/g)].map((match) => match[1] ?? "");
    expect([...TABLE_NAMES].sort()).toEqual(tables.sort());
    const folder = path.join(ROOT, "src/store/migrations");
    const all = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), "utf8"));
    for (const table of TABLE_NAMES) {
      for (const column of columnsOf(table)?.keys() ?? [])
        expect(all.join("\n")).toMatch(new RegExp(`\\b${column} `));
    }
  });
});

describe("the schema checked branch by branch", () => {
  test("every part of it is strict draft-07 that ajv compiles", () => {
    const parts = NODES.filter(([, node]) => node.$ref === undefined && node.oneOf === undefined);
    expect(parts.length).toBeGreaterThan(300);
    for (const [, node] of parts) expect(() => validateBranch(node, null)).not.toThrow();
  });

  // Ajv also checks here that the schema is a schema, which costs too much time when a case is loaded.
  const ajv = new Ajv({ strict: false, allErrors: false });
  const validate = ajv.compile(CASE_SCHEMA);
  const files = [...caseFiles("harness/case/testdata"), ...caseFiles("cases")];

  test.each(files.map((file) => [path.relative(ROOT, file), file] as const))(
    "says the same as the whole of %s",
    (_, file) => {
      let json: Json;
      try {
        json = parse(readFileSync(file, "utf8"), { maxAliasCount: 10 }) as Json;
      } catch {
        return; // Not YAML: there is nothing to compare.
      }
      // `$matrix` values are accepted by the whole; the branches never see them, since they are filled in before.
      const matrix = JSON.stringify(json ?? null).includes("$matrix");
      if (matrix && file.includes("invalid")) return;
      expect(validate(json)).toBe(matrix || findMistakes(CASE_SCHEMA, json ?? null).length === 0);
    },
  );
});

describe("generated pages", () => {
  test.each(Object.keys(REFERENCE_PAGES))("%s is what `npm run generate` writes", (page) => {
    expect(readFileSync(path.join(ROOT, page), "utf8")).toBe(REFERENCE_PAGES[page]?.());
  });

  test("every code of a problem is explained", () => {
    const known = { ...PROBLEM_CODES, ...GENERAL_PROBLEM_CODES };
    const sources = readdirSync(path.join(ROOT, "harness"), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith(".ts") && !name.endsWith("test.ts"))
      .map((name) => readFileSync(path.join(ROOT, "harness", name), "utf8"));
    const codes = sources.flatMap((text) =>
      [...text.matchAll(/"((?:case|arguments|environment)\/[a-z-]+)"/g)].map((match) => match[1] ?? ""),
    );
    // The environment's are a union of words behind "environment/".
    const union = /readonly code:\n((?:\s*\| "[a-z-]+"\n?)+)/.exec(
      readFileSync(path.join(ROOT, "harness/environment/problems.ts"), "utf8"),
    );
    const words = [...(union?.[1] ?? "").matchAll(/"([a-z-]+)"/g)].map(
      (match) => `environment/${match[1] ?? ""}`,
    );
    expect([...new Set([...codes, ...words])].filter((code) => !Object.hasOwn(known, code))).toEqual([]);
  });
});
