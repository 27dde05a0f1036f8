export { type CaseResult, showDuration, titleOf } from "./case-result.ts";
export { codeFrame } from "./code-frame.ts";
export { type Colors, type ColorWish, createColors, wantsColor } from "./colors.ts";
export {
  type ConsoleReporter,
  type ConsoleReporterOptions,
  createConsoleReporter,
} from "./console-reporter.ts";
export { type FailureOptions, formatFailure } from "./failure-block.ts";
export { formatJunit, type JunitOptions } from "./junit.ts";
export { readEvidence } from "./read-evidence.ts";
export { RUN_FILES, type RunDirectoryOptions, writeRunDirectory } from "./run-directory.ts";
