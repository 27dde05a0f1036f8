import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { formatProblems, loadCases } from "./index.ts";

const TESTDATA = path.join(__dirname, "testdata");
/** UPDATE_GOLDEN=1 writes the messages down anew; read the difference before it is committed. */
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

function casesIn(folder: string): readonly string[] {
  return readdirSync(path.join(TESTDATA, folder)).filter((name) => name.endsWith(".yaml"));
}

function load(file: string) {
  return loadCases([file], { workingDirectory: TESTDATA });
}

describe("invalid cases: the message of each is as agreed", () => {
  test.each(casesIn("invalid"))("%s", (name) => {
    const loaded = load(`invalid/${name}`);
    expect(loaded.cases).toEqual([]);
    const messages = formatProblems(loaded.problems, loaded.sources, { color: false });
    const golden = path.join(TESTDATA, "invalid", name.replace(/\.yaml$/, ".txt"));
    if (UPDATE) writeFileSync(golden, messages);
    expect(existsSync(golden) ? readFileSync(golden, "utf8") : "").toBe(messages);
    expect(loaded.problems.every((problem) => problem.at !== undefined)).toBe(true);
  });

  test("all problems of all files come at once", () => {
    const all = loadCases(["invalid"], { workingDirectory: TESTDATA });
    const alone = casesIn("invalid").flatMap((name) => load(`invalid/${name}`).problems);
    expect(all.problems.length).toBe(new Set(alone.map((problem) => JSON.stringify(problem))).size);
  });
});

describe("valid cases", () => {
  test.each(casesIn("valid"))("%s has no problem", (name) => {
    const loaded = load(`valid/${name}`);
    expect(formatProblems(loaded.problems, loaded.sources, { color: false })).toBe("");
    expect(loaded.cases.length).toBeGreaterThan(0);
  });

  test("a path that does not exist is a problem, not an exception", () => {
    const loaded = loadCases(["nowhere", "nowhere.yaml"], { workingDirectory: TESTDATA });
    expect(loaded.problems.map((problem) => problem.what)).toEqual([
      "nowhere does not exist",
      "nowhere.yaml does not exist",
    ]);
  });

  test("folders called `fixtures` hold no cases", () => {
    const loaded = loadCases(["."], { workingDirectory: TESTDATA });
    const files = loaded.problems.flatMap((problem) => problem.at?.file ?? []);
    expect(files.some((file) => file.startsWith("parts/"))).toBe(true);
    const only = loadCases(["valid", "fixtures/../valid"], { workingDirectory: TESTDATA });
    expect(only.cases.map((one) => one.file).every((file) => file.startsWith("valid/"))).toBe(true);
  });
});
