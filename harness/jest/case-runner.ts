import { createSystemClock, createSystemRandom, errorMessage } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import { formatProblems } from "../case/index.ts";
import type { CaseOutcome } from "../run/index.ts";
import { defaultJobs, openRun, runCases } from "../run/index.ts";
import { assertionOf, filteredAssertion, invalidAssertion } from "./assertions.ts";
import { type CaseFile, readCaseFile, selectedCases } from "./case-file.ts";
import {
  fileResult,
  type JestAssertion,
  type JestGlobalConfig,
  type JestTest,
  type JestWatcher,
  type OnTestFailure,
  type OnTestStart,
  type OnTestSuccess,
} from "./jest-contract.ts";
import { readJobs, readSeed, readTier, SEEDS } from "./read-tier.ts";

const clock = createSystemClock();

/**
 * jest's runner for cases: every YAML file is a test file, every matrix combination a test. All files share one
 * environment and one pool, in jest's own process: a sandbox for each file would cost more than most cases do.
 */
export class CaseRunner {
  readonly isSerial = true;
  readonly supportsEventEmitters = false;
  readonly #pattern: RegExp | undefined;

  constructor(globalConfig: JestGlobalConfig) {
    const { testNamePattern } = globalConfig;
    this.#pattern = testNamePattern === undefined ? undefined : new RegExp(testNamePattern, "i");
  }

  /** Called by jest once per run, in watch mode after each change. (Its five parameters are jest's.) */
  async runTests(...call: RunTestsCall): Promise<void> {
    const [tests, watcher, onStart, onResult, onFailure] = call;
    const files = tests.map((test) => readCaseFile(test, this.#pattern));
    const report = new FileReports(onStart, onResult);
    const runnable = files.filter((file) => selectedCases(file).length > 0);
    for (const file of files) if (!runnable.includes(file)) await report.without(file);
    if (runnable.length === 0) return;
    try {
      await runFiles(runnable, watcher, report);
    } catch (error) {
      await reportAll(runnable, error, { onStart, onFailure });
    }
  }
}

type RunTestsCall = readonly [
  tests: readonly JestTest[],
  watcher: JestWatcher,
  onStart: OnTestStart,
  onResult: OnTestSuccess,
  onFailure: OnTestFailure,
];

async function runFiles(
  files: readonly CaseFile[],
  watcher: JestWatcher,
  report: FileReports,
): Promise<void> {
  const sources = new Map(files.flatMap((file) => [...file.sources]));
  const readText = (file: string): string | undefined => sources.get(file);
  const { env, registry } = readTier(process.env);
  const seed = readSeed(process.env) ?? createSystemRandom().below(SEEDS);
  const run = await openRun({ env, registry, keep: false, clock, readText });
  const interruption = new AbortController();
  const told: Promise<void>[] = [];
  try {
    await runCases({
      cases: files.flatMap(selectedCases),
      jobs: readJobs(process.env) ?? defaultJobs(),
      repeat: 1,
      bail: false,
      seed,
      signal: interruption.signal,
      runCase: (one) => {
        // `--bail`, and keys that are pressed in watch mode.
        if (watcher.isInterrupted()) interruption.abort();
        return run.runCase(one);
      },
      onStart: (one) => told.push(report.started(fileOf(files, one))),
      onOutcome: (outcome) => told.push(report.ended(fileOf(files, outcome), outcome, readText)),
    });
    await Promise.all(told);
  } finally {
    await run.close();
  }
}

function fileOf(files: readonly CaseFile[], one: Pick<CaseOutcome, "case">): CaseFile {
  const file = files.find(({ cases }) => cases.includes(one.case));
  if (file === undefined) throw new Error(`no test file holds the case ${one.case.name}`);
  return file;
}

/** Tells jest of a file when its first case starts and when its last one has ended. */
class FileReports {
  readonly #onStart: OnTestStart;
  readonly #onResult: OnTestSuccess;
  readonly #open = new Map<CaseFile, { readonly startedAt: number; readonly assertions: JestAssertion[] }>();

  constructor(onStart: OnTestStart, onResult: OnTestSuccess) {
    this.#onStart = onStart;
    this.#onResult = onResult;
  }

  async started(file: CaseFile): Promise<void> {
    if (this.#open.has(file)) return;
    this.#open.set(file, { startedAt: clock.now(), assertions: [] });
    await this.#onStart(file.test);
  }

  async ended(
    file: CaseFile,
    outcome: CaseOutcome,
    readText: (file: string) => string | undefined,
  ): Promise<void> {
    const state = this.#open.get(file);
    if (state === undefined) return;
    state.assertions.push(assertionOf(outcome, readText));
    if (state.assertions.length < selectedCases(file).length) return;
    await this.#result(file, state.assertions, state.startedAt);
  }

  /** A file of which nothing runs: it has problems, or no test that fits `-t`. */
  async without(file: CaseFile): Promise<void> {
    await this.#onStart(file.test);
    const invalid = file.problems.length === 0 ? [] : [invalidAssertion(file)];
    await this.#result(file, invalid, clock.now());
  }

  #result(file: CaseFile, assertions: readonly JestAssertion[], startedAt: number): Promise<void> {
    const order = file.cases.map(({ combination }) => combination);
    const sorted = assertions.toSorted((one, other) => order.indexOf(one.title) - order.indexOf(other.title));
    const all = [...sorted, ...file.filtered.map(filteredAssertion)];
    return this.#onResult(file.test, fileResult(file.test, all, { startedAt, endedAt: clock.now() }));
  }
}

interface FailureCalls {
  readonly onStart: OnTestStart;
  readonly onFailure: OnTestFailure;
}

/** Without an environment no file can run: the first says why, the others refer to it. */
async function reportAll(files: readonly CaseFile[], error: unknown, calls: FailureCalls): Promise<void> {
  const why =
    error instanceof HarnessError
      ? formatProblems(error.problems, new Map(), { color: false })
      : `${errorMessage(error)}\nthis is a bug of the harness\n${error instanceof Error ? error.stack : ""}`;
  for (const [index, { test }] of files.entries()) {
    await calls.onStart(test);
    const message = index === 0 ? why : "not run, for the reason that the first file gives";
    // A stack that is not there: jest would take the lines of the message for one, and show them twice.
    await calls.onFailure(test, { message, stack: "" });
  }
}
