import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSeededRandom, type Random } from "../../src/base/index.ts";
import { explainCase, formatProblems, loadCases } from "./index.ts";

/** Whatever is in a file, loading it ends in cases or in problems with a place, never in an exception. */
const VALID = path.join(__dirname, "testdata/valid");
const ROUNDS = 25;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "failover-mutations-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Mutation = (lines: readonly string[], random: Random) => readonly string[];

const pick = (lines: readonly string[], random: Random): number => random.below(lines.length);

const MUTATIONS: readonly Mutation[] = [
  (lines, random) => lines.toSpliced(pick(lines, random), 1),
  (lines, random) => {
    const at = pick(lines, random);
    return lines.toSpliced(at, 0, lines[pick(lines, random)] ?? "");
  },
  (lines, random) => {
    const at = pick(lines, random);
    const line = lines[at] ?? "";
    const from = random.below(line.length + 1);
    return lines.with(at, line.slice(0, from) + line.slice(from + 1));
  },
  (lines, random) => {
    const at = pick(lines, random);
    const words = [
      "null",
      "true",
      "5",
      "[]",
      "{}",
      "$matrix.x",
      "{ $in: [] }",
      "it",
      "~",
      "!!set",
      "*a",
      "&a x",
    ];
    const word = words[random.below(words.length)] ?? "";
    return lines.with(at, (lines[at] ?? "").replace(/: .*$/, `: ${word}`));
  },
  (lines, random) => {
    const at = pick(lines, random);
    return lines.with(
      at,
      (lines[at] ?? "").replaceAll(/[a-z]{4,}/g, (word) => (random.below(4) === 0 ? word.slice(1) : word)),
    );
  },
  (lines, random) => {
    const at = pick(lines, random);
    const odd = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "#", "\t", "\u0000", "€"];
    const word = odd[random.below(odd.length)] ?? "";
    return lines.with(at, (lines[at] ?? "").replace(/[A-Za-z]+(?=:)/, word));
  },
];

test.each(readdirSync(VALID).filter((name) => name.endsWith(".yaml")))("mutations of %s", (name) => {
  const lines = readFileSync(path.join(VALID, name), "utf8")
    .replaceAll("../", `${path.dirname(VALID)}/`)
    .split("\n");
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    const random = createSeededRandom(seed);
    let text: readonly string[] = lines;
    for (let times = 1 + random.below(3); times > 0; times -= 1) {
      const mutation = MUTATIONS[random.below(MUTATIONS.length)];
      text = mutation?.(text, random) ?? text;
    }
    writeFileSync(path.join(folder, "mutant.yaml"), text.join("\n"));
    const loaded = loadCases(["mutant.yaml"], { workingDirectory: folder });
    expect(loaded.problems.length + loaded.cases.length).toBeGreaterThan(0);
    for (const problem of loaded.problems) expect(problem.at?.line).toBeGreaterThan(0);
    formatProblems(loaded.problems, loaded.sources, { color: true });
    for (const one of loaded.cases) explainCase(one);
  }
});
