export { durationToMs, formatDuration, parseDuration } from "./duration.ts";
export { codeOfWord, codesOfColumn } from "./enum-columns.ts";
export { explainCase } from "./explain-case.ts";
export { type FormatOptions, formatProblems, sortProblems } from "./format-problems.ts";
export { type LoadedCases, type LoadOptions, loadCases } from "./load-cases.ts";
export { readSelector, readTarget } from "./read-selector.ts";
export { formatInstanceRef, formatTaskRef, parseInstanceRef, parseTaskRef } from "./references.ts";
export { readEventPattern } from "./resolve-event-pattern.ts";
export type * from "./resolved-case.ts";
