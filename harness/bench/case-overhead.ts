import { readFileSync } from "node:fs";
import type { Clock } from "../../src/base/index.ts";
import { loadCases, type ResolvedCase } from "../case/index.ts";
import type { Evidence } from "../observe/index.ts";
import { type CaseOutcome, type OpenRun, openRun } from "../run/index.ts";
import { median, overheadMs, startTimesMs } from "./figures.ts";

/** Cases of different kinds: none breaks anything, one kills a master, one a worker. */
const CASES = [
  "cases/baseline/one-task.yaml",
  "cases/baseline/diamond.yaml",
  "cases/failover/master/live-task-is-taken-over.yaml",
  "cases/failover/worker/running-task-of-a-killed-worker.yaml",
];
const ROUNDS = 5;
const ISOLATION_ROUNDS = 20;

/** What the harness itself costs, printed as a table of medians. Cases run one at a time. */
export async function benchCaseOverhead(clock: Clock): Promise<void> {
  const { cases } = loadCases(CASES);
  const readText = (file: string): string => readFileSync(file, "utf8");
  const openedMs = clock.monotonicMs();
  const run = await openRun({ env: "embedded", registry: undefined, keep: false, clock, readText });
  try {
    const rows: [string, number][] = [["start of the services", clock.monotonicMs() - openedMs]];
    rows.push(...(await isolation(run, clock)));
    const outcomes = await runOneByOne(run, cases);
    const evidences = outcomes.flatMap(({ evidence }) => evidence ?? []);
    rows.push(["start of a node process, to ready", median(evidences.flatMap(startTimesMs))]);
    for (const resolved of cases) rows.push(rowOf(resolved, outcomes));
    rows.push(["overhead of a case, all", median(outcomes.map(overheadOf))]);
    for (const [what, value] of rows) {
      process.stdout.write(`${what.padEnd(70)} ${value.toFixed(0).padStart(6)} ms\n`);
    }
  } finally {
    await run.close();
  }
}

async function isolation(run: OpenRun, clock: Clock): Promise<readonly [string, number][]> {
  const opening: number[] = [];
  const releasing: number[] = [];
  for (let round = 0; round < ISOLATION_ROUNDS; round += 1) {
    const startedMs = clock.monotonicMs();
    const own = { registry: false, database: false };
    const services = await run.environment.openCase({ caseId: `bench-${round}`, own });
    opening.push(clock.monotonicMs() - startedMs);
    const openMs = clock.monotonicMs();
    await services.release();
    releasing.push(clock.monotonicMs() - openMs);
  }
  return [
    ["isolation of a case: to get its database and registry root", median(opening)],
    ["isolation of a case: to give them back", median(releasing)],
  ];
}

async function runOneByOne(run: OpenRun, cases: readonly ResolvedCase[]): Promise<readonly CaseOutcome[]> {
  const { signal } = new AbortController();
  const outcomes: CaseOutcome[] = [];
  for (let repetition = 1; repetition <= ROUNDS; repetition += 1) {
    for (const resolved of cases) {
      const outcome = await run.runCase({ case: resolved, repetition, seed: repetition, signal });
      const { verdict } = outcome.judgement;
      if (verdict === "PASS") outcomes.push(outcome);
      else process.stderr.write(`${resolved.file}: ${verdict}, left out\n`);
    }
  }
  return outcomes;
}

function rowOf(resolved: ResolvedCase, outcomes: readonly CaseOutcome[]): [string, number] {
  const own = outcomes.filter((outcome) => outcome.case === resolved);
  return [`overhead of ${resolved.file}`, median(own.map(overheadOf))];
}

function overheadOf({ evidence, durationMs }: { evidence?: Evidence; durationMs: number }): number {
  return evidence === undefined ? Number.NaN : overheadMs(evidence, durationMs);
}
