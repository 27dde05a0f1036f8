export { EXIT_CODES } from "./exit-codes.ts";
export { HarnessError, type Problem } from "./harness-error.ts";
export { type PositionTable, pointerTo, positionOf, type SourcePosition } from "./position.ts";
export { GENERAL_PROBLEM_CODES } from "./problem-codes.ts";
export { VERDICTS, type Verdict } from "./verdict.ts";
