import type { ResolvedCase } from "../case/resolved-case.ts";
import type { Beside } from "./beside.ts";
import type { CaseOutcome } from "./case-outcome.ts";

/** One run of one case, as the pool asks for it. */
export interface CaseRun {
  readonly case: ResolvedCase;
  /** From 1. */
  readonly repetition: number;
  readonly seed: number;
  /** Aborts when the run of all cases is interrupted. */
  readonly signal: AbortSignal;
  /** Done beside the steps, once all nodes are up: the work of a soak. Default: nothing. */
  readonly beside?: Beside;
}

export interface RunCasesOptions {
  readonly cases: readonly ResolvedCase[];
  /** How many cases run side by side. */
  readonly jobs: number;
  /** How often each case runs. */
  readonly repeat: number;
  /** Starts no further case once one did not pass. */
  readonly bail: boolean;
  /** Seed of the first repetition; the others count on from it. */
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly runCase: (run: CaseRun) => Promise<CaseOutcome>;
  readonly onStart?: (run: CaseRun) => void;
  readonly onOutcome?: (outcome: CaseOutcome) => void;
}

/**
 * Runs cases side by side. Outcomes come in the order of the cases, whatever the order in which they ended; those that
 * were never started are missing. Throws the first that `runCase` throws (a bug), when all have run.
 */
export async function runCases(options: RunCasesOptions): Promise<readonly CaseOutcome[]> {
  const runs = plannedRuns(options);
  const outcomes: (CaseOutcome | undefined)[] = [];
  const bugs: unknown[] = [];
  let next = 0;
  let stopped = false;

  const worker = async (): Promise<void> => {
    while (!stopped && !options.signal.aborted) {
      const index = next;
      const run = runs[index];
      if (run === undefined) return;
      next += 1;
      options.onStart?.(run);
      let outcome: CaseOutcome;
      try {
        outcome = await options.runCase(run);
      } catch (error) {
        // A bug that one case runs into is no reason to say nothing of the others.
        bugs.push(error);
        continue;
      }
      outcomes[index] = outcome;
      options.onOutcome?.(outcome);
      if (options.bail && !isGood(outcome)) stopped = true;
    }
  };

  const workers = Array.from({ length: Math.min(options.jobs, runs.length) }, worker);
  await Promise.all(workers);
  if (bugs.length > 0) throw bugs[0];
  return outcomes.filter((outcome) => outcome !== undefined);
}

/** All repetitions of a case stand together, so that a flaky one shows early. */
function plannedRuns({ cases, repeat, seed, signal }: RunCasesOptions): readonly CaseRun[] {
  return cases.flatMap((resolved) =>
    Array.from({ length: repeat }, (_, index) => ({
      case: resolved,
      repetition: index + 1,
      seed: seed + index,
      signal,
    })),
  );
}

function isGood({ judgement }: CaseOutcome): boolean {
  return judgement.verdict === "PASS" || judgement.verdict === "SKIP";
}
