/** The little of jest's runner interface (30) that we use; jest hands these over and takes results back. */

export interface JestGlobalConfig {
  readonly testNamePattern?: string;
  readonly rootDir: string;
}

export interface JestTest {
  readonly path: string;
  readonly context: { readonly config: { readonly displayName?: unknown; readonly rootDir: string } };
}

export interface JestWatcher {
  isInterrupted(): boolean;
}

export type OnTestStart = (test: JestTest) => Promise<void>;
export type OnTestSuccess = (test: JestTest, result: JestFileResult) => Promise<void>;
export type OnTestFailure = (test: JestTest, error: { message: string; stack: string }) => Promise<void>;

export interface JestAssertion {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly fullName: string;
  readonly status: "passed" | "failed" | "pending";
  /** Milliseconds. */
  readonly duration: number;
  readonly failureMessages: readonly string[];
  readonly failureDetails: readonly unknown[];
  readonly invocations: number;
  readonly location: { readonly line: number; readonly column: number } | undefined;
  readonly numPassingAsserts: number;
  readonly retryReasons: readonly string[];
}

export interface JestFileResult {
  readonly console: undefined;
  readonly displayName: unknown;
  readonly failureMessage: string | null;
  readonly leaks: boolean;
  readonly numFailingTests: number;
  readonly numPassingTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly openHandles: readonly never[];
  readonly perfStats: Readonly<Record<string, number | boolean>>;
  readonly skipped: boolean;
  readonly snapshot: Readonly<Record<string, unknown>>;
  readonly testExecError: undefined;
  readonly testFilePath: string;
  readonly testResults: readonly JestAssertion[];
}

export interface FileTimes {
  /** Wall clock, milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The result of a file as jest wants it. */
export function fileResult(
  test: JestTest,
  assertions: readonly JestAssertion[],
  times: FileTimes,
): JestFileResult {
  const count = (status: JestAssertion["status"]): number =>
    assertions.filter((assertion) => assertion.status === status).length;
  const { startedAt, endedAt } = times;
  const failures = assertions.flatMap(({ fullName, failureMessages }) =>
    failureMessages.map((message) => `  ● ${fullName}\n\n${message.replaceAll(/^(?=.)/gm, "    ")}\n`),
  );
  return {
    console: undefined,
    displayName: test.context.config.displayName,
    failureMessage: failures.length === 0 ? null : failures.join("\n"),
    leaks: false,
    numFailingTests: count("failed"),
    numPassingTests: count("passed"),
    numPendingTests: count("pending"),
    numTodoTests: 0,
    openHandles: [],
    perfStats: {
      start: startedAt,
      end: endedAt,
      runtime: endedAt - startedAt,
      slow: false,
      loadTestEnvironmentStart: startedAt,
      loadTestEnvironmentEnd: startedAt,
      setupFilesStart: startedAt,
      setupFilesEnd: startedAt,
      setupAfterEnvStart: startedAt,
      setupAfterEnvEnd: startedAt,
    },
    skipped: false,
    snapshot: {
      added: 0,
      fileDeleted: false,
      matched: 0,
      unchecked: 0,
      uncheckedKeys: [],
      unmatched: 0,
      updated: 0,
    },
    testExecError: undefined,
    testFilePath: test.path,
    testResults: assertions,
  };
}
