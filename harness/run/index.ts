export type { Beside, BesideStage } from "./beside.ts";
export { type CaseOutcome, type CaseSummary, summarize } from "./case-outcome.ts";
export { defaultJobs } from "./default-jobs.ts";
export { exitCodeOf } from "./exit-code-of.ts";
export { type OpenRun, openRun } from "./open-run.ts";
export { runCases } from "./run-cases.ts";
