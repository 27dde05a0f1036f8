import path from "node:path";
import { type Clock, createSystemClock, createSystemRandom, errorMessage } from "../../src/base/index.ts";
import { HarnessError, type Problem } from "../base/index.ts";
import { formatProblems, loadCases, type ResolvedCase } from "../case/index.ts";
import type { RegistryKind, Tier } from "../environment/index.ts";
import { createColors, formatFailure } from "../report/index.ts";
import { type CaseOutcome, openRun, runCases } from "../run/index.ts";
import { defaultJobs } from "../run/default-jobs.ts";
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

/** A test file as it was read. */
interface CaseFile {
  readonly test: JestTest;
  readonly cases: readonly ResolvedCase[];
  readonly problems: readonly Problem[];
  readonly sources: ReadonlyMap<string, string>;
}

const SEEDS = 2 ** 32;

/**
 * jest's runner for cases: every YAML file is a test file, every matrix combination a test. All files share one
 * environment and one pool, in jest's own process: a sandbox per file would cost more than most cases do.
 */
export class CaseRunner {
  readonly isSerial = true;
  readonly supportsEventEmitters = false;
  readonly #pattern: RegExp | undefined;
  readonly #clock: Clock = createSystemClock();

  constructor(globalConfig: JestGlobalConfig) {
    const { testNamePattern } = globalConfig;
    this.#pattern = testNamePattern === undefined ? undefined : new RegExp(testNamePattern, "i");
  }

  /** Called by jest, once per run (again after each change in watch mode). */
  async runTests(
    tests: readonly JestTest[],
    watcher: JestWatcher,
    onStart: OnTestStart,
    onResult: OnTestSuccess,
    onFailure: OnTestFailure,
  ): Promise<void> {
    const files = tests.filter(({ path: file }) => !isFixture(file)).map(readFile);
    for (const { test } of tests.filter(({ path: file }) => isFixture(file))) void test;
    const report = { onStart, onResult };
    for (const file of files.filter(({ problems }) => problems.length > 0)) {
      await onStart(file.test);
      await onResult(file.test, invalidResult(file, this.#clock.now()));
    }
    const valid = files.filter(({ problems }) => problems.length === 0);
    try {
      await this.#runFiles(valid, watcher, report);
    } catch (error) {
      for (const { test } of valid) await onFailure(test, { message: whyNot(error), stack: whyNot(error) });
    }
  }
}
