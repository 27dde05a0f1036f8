export { type CaseResult, showDuration, titleOf } from "./case-result.ts";
export { type Colors, createColors, wantsColor } from "./colors.ts";
export { createConsoleReporter } from "./console-reporter.ts";
export { formatFailure } from "./failure-block.ts";
export { formatJunit } from "./junit.ts";
export { readEvidence, unjudgeable } from "./read-evidence.ts";
export { writeRunDirectory } from "./run-directory.ts";
