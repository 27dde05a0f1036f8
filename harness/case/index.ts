export { parseDuration, durationToMs, formatDuration } from "./duration.ts";
export { codeOfWord, codesOfColumn } from "./enum-columns.ts";
export { type LoadedCases, type LoadOptions, loadCases } from "./load-cases.ts";
export { readSelector, readTarget } from "./read-selector.ts";
export { readEventPattern } from "./resolve-event-pattern.ts";
export { formatInstanceRef, formatTaskRef, parseInstanceRef, parseTaskRef } from "./references.ts";
export type * from "./resolved-case.ts";
