import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createSystemRandom, errorMessage } from "../../src/base/index.ts";
import { EXIT_CODES, HarnessError } from "../base/index.ts";
import type { ResolvedCase } from "../case/index.ts";
import { type Colors, createConsoleReporter, formatJunit, showDuration, titleOf } from "../report/index.ts";
import { type CaseSummary, exitCodeOf, type OpenRun, openRun, runCases, summarize } from "../run/index.ts";
import { readCases } from "./read-cases.ts";
import type { RunOptions } from "./run-options.ts";
import { selectCases } from "./select-cases.ts";
import { tellEvent } from "./tell-event.ts";
import type { Terminal } from "./terminal.ts";

const SEEDS = 2 ** 32;

/** `failover run`: everything that is wrong with the files first, then the cases. */
export async function runCommand(
  paths: readonly string[],
  options: RunOptions,
  terminal: Terminal,
): Promise<number> {
  const { clock } = terminal;
  const loaded = readCases(paths);
  const cases = selectCases(loaded.cases, options);
  const readText = (file: string): string | undefined => loaded.sources.get(file);
  // Before anything is started: a report that cannot be written is known now, not after an hour.
  if (options.junit !== undefined) writeReport(options.junit, "");
  const interruption = listenForInterruption(terminal);
  const { env, registry, keep, verbose } = options;
  const run = await openRun({
    env,
    registry,
    keep,
    clock,
    readText,
    ...(verbose ? { onEvent: tellEvent(terminal) } : {}),
  });
  interruption.servicesAreUp();
  try {
    const summaries = await runSelected({
      cases,
      run,
      options,
      terminal,
      readText,
      signal: interruption.signal,
    });
    return exitCodeOf(summaries, interruption.signal.aborted);
  } finally {
    interruption.stop();
    const left = await run.close();
    if (left.length > 0) terminal.write(`left behind by a case, and removed now: ${left.join(", ")}\n`);
  }
}

interface SelectedRun {
  readonly cases: readonly ResolvedCase[];
  readonly run: OpenRun;
  readonly options: RunOptions;
  readonly terminal: Terminal;
  readonly readText: (file: string) => string | undefined;
  readonly signal: AbortSignal;
}

async function runSelected(selected: SelectedRun): Promise<readonly CaseSummary[]> {
  const { cases, run, options, terminal, readText, signal } = selected;
  const { clock, colors, write } = terminal;
  const seed = options.seed ?? createSystemRandom().below(SEEDS);
  const isTerminal = terminal.isLive;
  const { columns } = process.stdout;
  const reporter = createConsoleReporter({ write, isTerminal, columns, colors, clock, readText });
  const startedMs = clock.monotonicMs();
  const total = cases.length * options.repeat;
  reporter.runStarted({ cases: total, environment: run.environment.description, seed });
  const { jobs, repeat, bail } = options;
  const outcomes = await runCases({
    cases,
    jobs,
    repeat,
    bail,
    seed,
    signal,
    runCase: (one) => run.runCase(one),
    onStart: (started) => reporter.caseStarted(started.case),
    // A case that was cut off by Ctrl-C says nothing about itself.
    onOutcome: (outcome) => {
      if (!signal.aborted) reporter.caseFinished(outcome);
    },
  });
  reporter.runFinished();
  const summaries = summarize(outcomes);
  write(flakyLines(summaries, colors));
  if (signal.aborted) write(`interrupted: ${total - outcomes.length} of ${total} did not run\n`);
  if (options.junit !== undefined) {
    const durationMs = clock.monotonicMs() - startedMs;
    const name = run.environment.description;
    writeReport(options.junit, formatJunit(outcomes, { name, durationMs, readText }));
  }
  return summaries;
}

/** Throws HarnessError (`arguments/output`) when the file cannot be written. */
function writeReport(file: string, text: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    const what = `the report ${file} cannot be written`;
    const fix = "name a file in a directory that you may write to, with free space";
    throw new HarnessError([{ code: "arguments/output", what, why: errorMessage(error), fix }]);
  }
}

/** Cases that passed in some repetitions only, with the seeds of the others. */
function flakyLines(summaries: readonly CaseSummary[], colors: Colors): string {
  const flaky = summaries.filter(({ verdict }) => verdict === "FLAKY");
  return flaky
    .map(({ case: resolved, outcomes }) => {
      const failed = outcomes.filter(({ judgement }) => judgement.verdict !== "PASS");
      const seeds = failed.map(({ seed }) => seed).join(", ");
      const times = outcomes.map(({ durationMs }) => durationMs);
      const range = `${showDuration(Math.min(...times))} to ${showDuration(Math.max(...times))}`;
      const share = `${failed.length} of ${outcomes.length} did not pass (seeds ${seeds}; ${range})`;
      return `${colors.red("FLAKY")}  ${titleOf(resolved)}\n       ${share}\n`;
    })
    .join("");
}

interface Interruption {
  readonly signal: AbortSignal;
  /** From now on there is something to tear down in order. */
  servicesAreUp(): void;
  stop(): void;
}

/**
 * The first Ctrl-C tears down; the second, and one while services are still starting, leaves that to the keeper, which
 * sees that this process is gone.
 */
function listenForInterruption(terminal: Terminal): Interruption {
  const controller = new AbortController();
  let up = false;
  const interrupt = (): void => {
    if (!up || controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
    terminal.write("\nstopping; once more to leave at once\n");
    controller.abort();
  };
  // Not SIGHUP: the terminal is gone, nobody is told anything, and Node crashes when it exits by itself without its
  // terminal. The signal ends this process, the keeper does the rest.
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    servicesAreUp: () => {
      up = true;
    },
    stop: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
