export { type LoadedCases, loadCases } from "./load-cases.ts";
export { formatProblems } from "./problems/format-problems.ts";
export type * from "./resolved-case.ts";
export { explainCase } from "./telling/explain-case.ts";
export { durationToMs, parseDuration } from "./vocabulary/duration.ts";
export { codesOfColumn } from "./vocabulary/enum-columns.ts";
export { nearestWord } from "./vocabulary/nearest-word.ts";
export { servicesOf } from "./vocabulary/read-selector.ts";
export { formatInstanceRef, formatTaskRef, parseInstanceRef, parseTaskRef } from "./vocabulary/references.ts";
