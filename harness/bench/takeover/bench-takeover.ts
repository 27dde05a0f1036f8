import { readFileSync } from "node:fs";
import path from "node:path";
import type { Clock } from "../../../src/base/index.ts";
import { HarnessError } from "../../base/index.ts";
import { loadCases, type ResolvedCase } from "../../case/index.ts";
import { factsOf, timingFigures } from "../../expect/index.ts";
import { projectRoot } from "../../keeper/index.ts";
import { type OpenRun, openRun } from "../../run/index.ts";
import { percentile } from "../figures.ts";
import { type Row, writeTable } from "../table.ts";

export interface TakeoverBenchOptions {
  readonly rounds: number;
  readonly clock: Clock;
}

const FOLDER = path.join("harness", "bench", "takeover");

/** Parts of one take-over, milliseconds; each counts from the end of the part before. */
interface Parts {
  /** From the kill until a master saw the owner leave: the registry's own time, which no master can save. */
  readonly detection: number;
  /** Until it was fenced. */
  readonly fence: number;
  /** Until its workflow was swept and claimed. */
  readonly claim: number;
  /** Until its task was taken over or dispatched anew. */
  readonly dispatch: number;
}

/** Kills owners again and again, one case at a time, and looks where the time until the next dispatch goes. */
export async function benchTakeover({ rounds, clock }: TakeoverBenchOptions): Promise<void> {
  const { cases, problems } = loadCases([FOLDER], { workingDirectory: projectRoot() });
  if (problems.length > 0) throw new HarnessError(problems);
  const readText = (file: string): string => readFileSync(file, "utf8");
  const run = await openRun({ env: "embedded", registry: "jdbc", keep: false, clock, readText });
  try {
    process.stdout.write(`${run.environment.description}; ${rounds} kills each\n`);
    for (const resolved of cases) await benchCase(run, resolved, rounds);
  } finally {
    await run.close();
  }
}

async function benchCase(run: OpenRun, resolved: ResolvedCase, rounds: number): Promise<void> {
  const { signal } = new AbortController();
  const found: Parts[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const outcome = await run.runCase({ case: resolved, repetition: round, seed: round, signal });
    const parts = outcome.judgement.verdict === "PASS" ? partsOf(outcome.evidence) : undefined;
    if (parts !== undefined) found.push(parts);
    else process.stderr.write(`round ${round}: ${outcome.judgement.verdict}, left out\n`);
  }
  const row = (what: string, of: (parts: Parts) => number): Row => {
    const values = found.map(of);
    const figure = (share: number): string => `${percentile(values, share).toFixed(1)} ms`;
    return [what, `p50 ${figure(0.5)}`, `p99 ${figure(0.99)}`, `max ${figure(1)}`];
  };
  writeTable(`${resolved.name} (${found.length} times)`, [
    row(
      "from the end of the session to the dispatch",
      ({ fence, claim, dispatch }) => fence + claim + dispatch,
    ),
    row("  to the fence", ({ fence }) => fence),
    row("  from there to the claim", ({ claim }) => claim),
    row("  from there to the dispatch", ({ dispatch }) => dispatch),
    row("the registry's own detection, before that", ({ detection }) => detection),
  ]);
}

function partsOf(evidence: Parameters<typeof factsOf>[0] | undefined): Parts | undefined {
  const figures = evidence && timingFigures(factsOf(evidence))[0];
  if (figures === undefined) return undefined;
  const { detect, decide, claim, resume } = figures;
  if (detect === undefined || decide === undefined || claim === undefined || resume === undefined)
    return undefined;
  return { detection: detect, fence: decide - detect, claim: claim - decide, dispatch: resume - claim };
}
