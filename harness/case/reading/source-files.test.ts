import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { formatProblems, loadCases } from "../index.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "failover-sources-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function problemsOf(name: string, content: string | Buffer): readonly string[] {
  writeFileSync(path.join(folder, name), content);
  const { problems, cases } = loadCases([name], { workingDirectory: folder });
  expect(cases).toEqual([]);
  return problems.map((problem) => `${problem.code}: ${problem.what}`);
}

describe("files that are not cases at all", () => {
  test("control characters, which YAML forbids and a terminal would obey", () => {
    expect(problemsOf("nul.yaml", "# x\nname: a\0b\n")).toEqual([
      "case/yaml: YAML does not allow the control character U+0000",
    ]);
    const [nul] = loadCases(["nul.yaml"], { workingDirectory: folder }).problems;
    expect(nul?.at).toMatchObject({ line: 2, column: 8 });
    const [mac] = problemsOf("mac.yaml", "schemaVersion: x\rname: y\r");
    expect(mac).toContain("CR without LF");
    expect(problemsOf("escaped.yaml", 'name: "a\\0b"\n')[0]).toMatch(/^case\/yaml: neither a script/);
    writeFileSync(path.join(folder, "steers.yaml"), '"na\\e[31mme": x\n');
    const { problems, sources } = loadCases(["steers.yaml"], { workingDirectory: folder });
    expect(formatProblems(problems, sources, { color: false })).not.toContain("\u001b");
  });

  test("not UTF-8", () => {
    expect(problemsOf("latin.yaml", Buffer.from([0x6e, 0x3a, 0x20, 0xe4, 0x0a]))).toEqual([
      "case/encoding: the file is not UTF-8 text",
    ]);
  });

  test("empty, and nothing but white space", () => {
    expect(problemsOf("empty.yaml", "")).toEqual(["case/empty: the file is empty"]);
    expect(problemsOf("blank.yaml", " \n\n")).toEqual(["case/empty: the file is empty"]);
  });

  test("a byte order mark is fine", () => {
    expect(problemsOf("bom.yaml", "\ufeffname: x\n")).toEqual([
      "case/missing-key: the key `schemaVersion` is missing",
      "case/missing-key: the key `expect` is missing",
    ]);
  });

  test("huge", () => {
    const [problem] = problemsOf("huge.yaml", Buffer.alloc(2 * 1024 * 1024, "#"));
    expect(problem).toBe("case/too-large: the file has 2097152 bytes, the limit is 1048576");
  });

  test("nested too deeply", () => {
    const [problem] = problemsOf("deep.yaml", `a: ${"[".repeat(20_000)}`);
    expect(problem).toMatch(/^case\/yaml: /);
    expect(problemsOf("deeper.yaml", `a: ${"[".repeat(100)}${"]".repeat(100)}`)).toEqual([
      "case/yaml: the values are nested more than 64 levels deep",
    ]);
  });

  test("an alias inside of itself", () => {
    expect(problemsOf("circle.yaml", "a: &a [*a]\n")).toEqual([
      "case/yaml: the alias stands inside of what it means",
    ]);
  });

  test("a folder with the name of a file, a device, a link to nowhere", () => {
    mkdirSync(path.join(folder, "folder.yaml"));
    symlinkSync("/dev/null", path.join(folder, "device.yaml"));
    symlinkSync("nowhere", path.join(folder, "link.yaml"));
    const names = ["folder.yaml", "device.yaml", "link.yaml"];
    const { problems } = loadCases(names, { workingDirectory: folder });
    expect(problems.map((problem) => problem.what)).toEqual([
      "there is no case in the folder folder.yaml",
      "link.yaml does not exist",
      "this is not a regular file",
    ]);
  });

  test("a used file that is a folder", () => {
    mkdirSync(path.join(folder, "parts"));
    expect(problemsOf("uses.yaml", 'schemaVersion: "1.0"\nname: x\nuse: parts\nexpect: {}\n')).toEqual([
      "case/unreadable: parts: this is a directory, not a file",
    ]);
  });
});
