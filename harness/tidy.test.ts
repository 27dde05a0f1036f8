import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import ts from "typescript";
import { parse } from "yaml";

/** The hard numbers of the house style, and what no file of this repository may contain. */

const ROOT = path.resolve(__dirname, "..");
const MAX_FUNCTION_LINES = 70;
const MAX_FILE_LINES = 400;
const MAX_LINE_LENGTH = 120;
const FORBIDDEN_NAMES = /^(utils?|helpers?|lib|common|manager|misc)$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|contract-test|generated))*$/;

function filesBelow(folder: string, extensions: readonly string[]): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && extensions.some((extension) => entry.name.endsWith(extension)))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.split(path.sep).includes("testdata"))
    .sort((one, other) => one.localeCompare(other));
}

const textOf = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const sources = ["src", "harness"]
  .flatMap((folder) => filesBelow(folder, [".ts"]))
  .filter((file) => !file.endsWith(".generated.ts"));
const parsed = sources.map((file) => ({
  file,
  source: ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ESNext, true),
}));
const isTest = (file: string): boolean => /\.(test|contract|contract-test)\.ts$/.test(file);

/** Positions of all nodes for which `matches` holds, as file:line. */
function find(matches: (node: ts.Node, file: string) => boolean): string[] {
  const found: string[] = [];
  for (const { file, source } of parsed) {
    const visit = (node: ts.Node): void => {
      if (matches(node, file)) {
        found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** Lines of code of a node: neither blank nor only a comment, as the linter counts. */
function codeLines(node: ts.Node): number {
  const lines = node.getText().split("\n");
  return lines.filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line)).length;
}

describe("source files", () => {
  test("are short", () => {
    expect(sources.filter((file) => textOf(file).split("\n").length - 1 > MAX_FILE_LINES)).toEqual([]);
  });

  test("have short lines", () => {
    const long = sources.flatMap((file) =>
      textOf(file)
        .split("\n")
        .flatMap((line, index) => (line.length > MAX_LINE_LENGTH ? [`${file}:${index + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  test("have short functions", () => {
    const long = find(
      (node, file) => !isTest(file) && ts.isFunctionLike(node) && codeLines(node) > MAX_FUNCTION_LINES,
    );
    expect(long).toEqual([]);
  });

  test("have names in kebab case that say something", () => {
    const bad = sources.filter((file) => {
      const name = path.basename(file, ".ts");
      const folders = path.dirname(file).split(path.sep);
      return !KEBAB_CASE.test(name) || [name, ...folders].some((part) => FORBIDDEN_NAMES.test(part));
    });
    expect(bad).toEqual([]);
  });

  test("keep to the language that we use", () => {
    expect({
      any: find((node) => node.kind === ts.SyntaxKind.AnyKeyword),
      nonNull: find((node) => ts.isNonNullExpression(node)),
      enums: find((node) => ts.isEnumDeclaration(node)),
      defaultExports: find(
        (node) =>
          ts.isExportAssignment(node) || (node.kind === ts.SyntaxKind.DefaultKeyword && isExport(node)),
      ),
    }).toEqual({ any: [], nonNull: [], enums: [], defaultExports: [] });
  });
});

function isExport(node: ts.Node): boolean {
  return (
    ts.canHaveModifiers(node.parent) && (ts.getModifiers(node.parent) ?? []).includes(node as ts.Modifier)
  );
}

describe("cases", () => {
  const cases = filesBelow("cases", [".yaml", ".yml"]).filter((file) => !file.startsWith("cases/fixtures/"));
  const documents = cases.map((file) => ({ file, value: parse(textOf(file)) as Record<string, unknown> }));
  const nameOf = (value: Record<string, unknown>): string =>
    typeof value.name === "string" ? value.name : "";

  test("are there", () => {
    expect(cases.length).toBeGreaterThanOrEqual(15);
  });

  test("have names of their own that say what must hold", () => {
    const names = documents.map(({ value }) => nameOf(value));
    expect(new Set(names).size).toBe(names.length);
    expect(
      documents.filter(({ value }) => nameOf(value).split(" ").length < 4).map(({ file }) => file),
    ).toEqual([]);
  });

  test("let the editor know their schema", () => {
    const wrong = cases.filter((file) => {
      const [, schema] = /^# yaml-language-server: \$schema=(\S+)/.exec(textOf(file)) ?? [];
      const target = path.join(path.dirname(file), schema ?? "");
      return path.normalize(target) !== path.join("schemas", "case.schema.json");
    });
    expect(wrong).toEqual([]);
  });

  test("stand in folders of the table of contents", () => {
    const folders = new Set(cases.map((file) => path.dirname(path.relative("cases", file))));
    const known =
      /^(baseline|failover\/(master|worker|registry|database|alert)|recovery|regression|must-fail)$/;
    expect([...folders].filter((folder) => !known.test(folder))).toEqual([]);
  });

  test("that must fail say with what, and why", () => {
    const mustFail = documents.filter(({ file }) => file.startsWith("cases/must-fail/"));
    expect(mustFail.length).toBeGreaterThanOrEqual(4);
    for (const { value } of mustFail) {
      expect(value.xfail).toMatchObject({ with: expect.any(String), reason: expect.any(String) });
    }
  });
});

test("no file names a package registry's host or a place on one machine", () => {
  const folders = ["src", "harness", "cases", "schemas", "scripts", "docs"];
  const files = [
    ...folders.flatMap((folder) => filesBelow(folder, [".ts", ".cjs", ".yaml", ".json", ".md", ".sh"])),
    ...readdirSync(ROOT).filter((name) => /\.(md|json|ts|cjs)$/.test(name)),
  ];
  // Spelt in pieces, or this file would find itself.
  const forbidden = [
    ["registry", "npmjs"],
    ["registry", "yarnpkg"],
    ["npm", "pkg.github"],
  ].map((parts) => parts.join("."));
  const places = new RegExp(
    `(^|[\\s"'\`=(:])/(${["root", "home", "Users", "work/main", "work/shared"].join("|")})/`,
    "m",
  );
  const hits = files.filter((file) => {
    const text = textOf(file);
    // The lock file's addresses are npm's own default, which every other registry rewrites.
    const hosts = file === "package-lock.json" ? [] : forbidden;
    return places.test(text) || hosts.some((word) => text.includes(word));
  });
  expect(hits).toEqual([]);
});
