export { durationToMs, parseDuration } from "./duration.ts";
export { codesOfColumn } from "./enum-columns.ts";
export { explainCase } from "./explain-case.ts";
export { formatProblems } from "./format-problems.ts";
export { type LoadedCases, loadCases } from "./load-cases.ts";
export { nearestWord } from "./nearest-word.ts";
export { formatInstanceRef, formatTaskRef, parseInstanceRef, parseTaskRef } from "./references.ts";
export type * from "./resolved-case.ts";
