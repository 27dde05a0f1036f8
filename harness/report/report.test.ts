import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createSystemClock } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import { evidenceOf, told } from "../expect/evidence-builder.ts";
import { type Judgement, judge } from "../expect/index.ts";
import type { CaseResult } from "./case-result.ts";
import { createColors, wantsColor } from "./colors.ts";
import { createConsoleReporter } from "./console-reporter.ts";
import { formatFailure } from "./failure-block.ts";
import { formatJunit } from "./junit.ts";
import { readEvidence } from "./read-evidence.ts";
import { RUN_FILES, writeRunDirectory } from "./run-directory.ts";

const clock = createSystemClock();
const colors = createColors(false);
const YAML = "name: an example\nexpect:\n  runs: { etl.extract: 1 }\n";
const readText = (file: string): string | undefined => (file === "cases/example.yaml" ? YAML : undefined);
const positions = { "/expect/runs/etl.extract": { file: "cases/example.yaml", line: 3, column: 11 } };

const evidence = evidenceOf({
  expect: { runs: { "etl.extract": 1 } },
  case: { positions, name: 'an <example> & "more"' },
  evidence: {
    history: [
      told("master-1", 900, { type: "log", level: "info", message: "not told in a failure" }),
      told("master-1", 1500, {
        type: "task.state",
        workflowInstanceId: 1,
        taskInstanceId: 1,
        taskName: "extract",
        from: "RUNNING_EXECUTION",
        state: "SUCCESS",
        flag: 1,
        epoch: 1,
      }),
    ],
  },
});
const failed: CaseResult = { case: evidence.case, judgement: judge(evidence), durationMs: 1234, evidence };
const passed: CaseResult = { ...failed, judgement: { verdict: "PASS", findings: [] } };
const skip: Judgement = {
  verdict: "SKIP",
  findings: [{ kind: "assumption", code: "skip", pointer: "", message: "needs ZooKeeper" }],
};

describe("a failure", () => {
  const text = formatFailure({ ...failed, evidenceDirectory: ".runs/x" }, { colors, readText });

  test("names the line, shows it, what was there, the story, and where the evidence is", () => {
    expect(text).toContain("runs of etl.extract, started: expected 1, was 0  [runs]");
    expect(text).toContain("cases/example.yaml:3:11");
    expect(text).toContain("      > 3 |   runs: { etl.extract: 1 }\n          |           ^");
    expect(text).toContain("1.500 s  master-1   task.state RUNNING_EXECUTION -> SUCCESS (extract: attempt 1");
    expect(text).toContain("npx failover judge .runs/x");
    expect(text).not.toContain("not told in a failure");
  });

  test("does without the file when it is gone", () => {
    expect(formatFailure(failed, { colors, readText: () => undefined })).toContain("cases/example.yaml:3:11");
  });
});

describe("the console", () => {
  function report(isTerminal: boolean): string {
    let text = "";
    const write = (more: string): void => {
      text += more;
    };
    const reporter = createConsoleReporter({ write, isTerminal, colors, clock, readText });
    reporter.runStarted({ cases: 3, environment: "embedded", seed: 7 });
    for (const result of [passed, failed, { ...passed, judgement: skip }]) {
      reporter.caseStarted(result.case);
      reporter.caseFinished(result);
    }
    reporter.runFinished();
    return text;
  }

  test("has a line per case, the failure, and a summary", () => {
    const text = report(false);
    expect(text).toContain("embedded; 3 cases, seed 7");
    expect(text).toContain('PASS   cases/example.yaml  an <example> & "more"  1.23 s');
    expect(text).toContain("needs ZooKeeper");
    expect(text).toMatch(/1 passed, 1 failed, 1 skipped in \d+ ms\n$/);
    expect(text).not.toContain("\u001b");
  });

  test("shows live progress on a terminal only", () => {
    expect(report(true)).toContain("0/3  cases/example.yaml 0s");
    expect(report(false)).not.toContain("0/3");
  });

  test("colour only where it is wanted", () => {
    const wish = { refused: false, isTerminal: true, noColor: undefined };
    expect(wantsColor(wish)).toBe(true);
    expect(wantsColor({ ...wish, refused: true })).toBe(false);
    expect(wantsColor({ ...wish, isTerminal: false })).toBe(false);
    expect(wantsColor({ ...wish, noColor: "1" })).toBe(false);
    expect(wantsColor({ ...wish, noColor: "" })).toBe(true);
  });
});

describe("JUnit", () => {
  test("counts, escapes, and tells errors from failures", () => {
    const inconclusive: Judgement = { ...skip, verdict: "INCONCLUSIVE" };
    const results = [passed, failed, { ...passed, judgement: skip }, { ...passed, judgement: inconclusive }];
    const xml = formatJunit(results, { name: "embedded", durationMs: 5000, readText });
    expect(xml).toContain('tests="4" failures="1" errors="1" skipped="1" time="5.000"');
    expect(xml).toContain('name="an &lt;example&gt; &amp; &quot;more&quot;" classname="cases.example"');
    expect(xml).toContain('<failure message="runs of etl.extract, started: expected 1, was 0" type="runs">');
    expect(xml).toContain('<skipped message="needs ZooKeeper"/>');
  });
});

describe("the run directory", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "runs-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const write = (): Promise<string> => {
    const output = { "master-1": "printed\n" };
    const { judgement, durationMs } = failed;
    return writeRunDirectory({ root, evidence, judgement, durationMs, output, clock, readText });
  };

  test("holds what there is to know, and is judged again to the same end", async () => {
    const directory = await write();
    expect((await readdir(directory)).sort()).toEqual([
      "case.json",
      "evidence.json",
      "history.jsonl",
      "nodes",
      "registry.txt",
      "tables.txt",
      "verdict.json",
      "verdict.txt",
    ]);
    expect(judge(await readEvidence(directory))).toEqual(failed.judgement);
    expect(await readFile(join(directory, "nodes", "master-1.log"), "utf8")).toContain("printed");
    expect(await readFile(join(directory, "tables.txt"), "utf8")).toContain("t_ds_task_instance (2)");
    expect(await readFile(join(directory, "verdict.txt"), "utf8")).toContain("expected 1, was 0");
  });

  test("two of the same second stand side by side", async () => {
    const [one, other] = [await write(), await write()];
    expect(one).not.toBe(other);
  });

  test("what is missing or damaged is said, all at once", async () => {
    const directory = await write();
    await rm(join(directory, RUN_FILES.case));
    await writeFile(join(directory, RUN_FILES.history), '{"type":"log"}\n{"type":');
    const error: unknown = await readEvidence(directory).catch((thrown: unknown) => thrown);
    if (!(error instanceof HarnessError)) throw new Error("no HarnessError");
    expect(error.problems.map(({ code }) => code)).toEqual([
      "arguments/no-evidence",
      "arguments/damaged-evidence",
    ]);
    expect(error.problems[1]?.what).toContain("history.jsonl is damaged: line 2");
  });

  test("evidence of another shape is refused", async () => {
    const directory = await write();
    await writeFile(join(directory, RUN_FILES.evidence), '{"tier":"embedded"}');
    await expect(readEvidence(directory)).rejects.toThrow("has no registryKind");
  });
});
