import { describe, expect, test } from "@jest/globals";
import { createSystemClock } from "../../src/base/index.ts";
import type { Verdict } from "../base/index.ts";
import type { ResolvedCase } from "../case/resolved-case.ts";
import { exampleCase } from "../given/example-case.ts";
import { type CaseOutcome, summarize } from "./case-outcome.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import { type CaseRun, type RunCasesOptions, runCases } from "./run-cases.ts";

const clock = createSystemClock();
const cases = ["a", "b", "c", "d"].map((name): ResolvedCase => ({ ...exampleCase({}), name }));

function outcomeOf(run: CaseRun, verdict: Verdict): CaseOutcome {
  return {
    case: run.case,
    judgement: { verdict, findings: [] },
    durationMs: 1,
    seed: run.seed,
    repetition: run.repetition,
  };
}

function options(more: Partial<RunCasesOptions>): RunCasesOptions {
  return {
    cases,
    jobs: 2,
    repeat: 1,
    bail: false,
    seed: 7,
    signal: new AbortController().signal,
    runCase: async (run) => outcomeOf(run, "PASS"),
    ...more,
  };
}

describe("a run of cases", () => {
  test("never has more cases at a time than jobs, and reports them in their order", async () => {
    let running = 0;
    let most = 0;
    const outcomes = await runCases(
      options({
        runCase: async (run) => {
          running += 1;
          most = Math.max(most, running);
          await clock.sleep(run.case.name === "a" ? 30 : 1);
          running -= 1;
          return outcomeOf(run, "PASS");
        },
      }),
    );
    expect(most).toBe(2);
    expect(outcomes.map((outcome) => outcome.case.name)).toEqual(["a", "b", "c", "d"]);
  });

  test("repetitions get seeds of their own, counted on from the given one", async () => {
    const outcomes = await runCases(options({ cases: cases.slice(0, 1), repeat: 3 }));
    expect(outcomes.map(({ seed, repetition }) => [repetition, seed])).toEqual([
      [1, 7],
      [2, 8],
      [3, 9],
    ]);
  });

  test("--bail starts nothing more after the first case that did not pass", async () => {
    const runCase = async (run: CaseRun): Promise<CaseOutcome> => outcomeOf(run, "FAIL");
    expect(await runCases(options({ jobs: 1, bail: true, runCase }))).toHaveLength(1);
  });

  test("an interruption starts nothing more and waits for what runs", async () => {
    const interruption = new AbortController();
    const runCase = async (run: CaseRun): Promise<CaseOutcome> => {
      interruption.abort();
      await clock.sleep(5);
      return outcomeOf(run, "ERROR");
    };
    const outcomes = await runCases(options({ jobs: 1, signal: interruption.signal, runCase }));
    expect(outcomes).toHaveLength(1);
    expect(exitCodeOf(summarize(outcomes), true)).toBe(130);
  });

  test("rows that the database refuses are the case's own fault", async () => {
    const codes: Readonly<Record<string, string>> = { a: "case/rows", b: "environment/disk-full" };
    const runCase = async (run: CaseRun): Promise<CaseOutcome> => {
      const code = codes[run.case.name];
      if (code === undefined) return outcomeOf(run, "PASS");
      const finding = { kind: "assumption", code, pointer: "", message: "" } as const;
      return { ...outcomeOf(run, "ERROR"), judgement: { verdict: "ERROR", findings: [finding] } };
    };
    const summaries = summarize(await runCases(options({ runCase })));
    expect(exitCodeOf(summaries, false)).toBe(3);
    expect(
      exitCodeOf(
        summaries.filter((one) => one.case.name !== "b"),
        false,
      ),
    ).toBe(2);
  });

  test("a bug of the harness comes out when the other cases have run", async () => {
    let ended = 0;
    const runCase = async (run: CaseRun): Promise<CaseOutcome> => {
      if (run.case.name === "a") throw new Error("a bug");
      await clock.sleep(10);
      ended += 1;
      return outcomeOf(run, "PASS");
    };
    await expect(runCases(options({ runCase }))).rejects.toThrow("a bug");
    expect(ended).toBe(cases.length - 1);
  });
});

describe("the summary of a run", () => {
  const verdictsOf = async (...verdicts: Verdict[]): Promise<ReturnType<typeof summarize>> => {
    const runCase = async (run: CaseRun): Promise<CaseOutcome> =>
      outcomeOf(run, verdicts[run.repetition - 1] ?? "ERROR");
    return summarize(await runCases(options({ cases: cases.slice(0, 1), repeat: verdicts.length, runCase })));
  };

  test("a case that passes sometimes is flaky, and that is a failure", async () => {
    const summaries = await verdictsOf("PASS", "FAIL", "PASS");
    expect(summaries[0]?.verdict).toBe("FLAKY");
    expect(exitCodeOf(summaries, false)).toBe(1);
  });

  test.each([
    ["PASS", 0],
    ["SKIP", 0],
    ["FAIL", 1],
    ["ERROR", 3],
    ["INCONCLUSIVE", 4],
  ] as const)("%s has the exit code %i", async (verdict, code) => {
    expect(exitCodeOf(await verdictsOf(verdict, verdict), false)).toBe(code);
  });
});
