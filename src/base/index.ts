export type { Clock, Timer } from "./clock.ts";
export { assertNever, errorCode, errorMessage, InvariantError, required } from "./errors.ts";
export {
  FAILPOINT_NAMES,
  FailpointError,
  type FailpointName,
  type FailpointSubject,
  type Failpoints,
  NO_FAILPOINTS,
} from "./failpoints.ts";
export { Lane } from "./lane.ts";
export { createSeededRandom, createSystemRandom, type Random } from "./random.ts";
export { ReleaseStack } from "./release-stack.ts";
export { createSystemClock } from "./system-clock.ts";
export { type WaitOptions, WaitTimeoutError, waitUntil } from "./wait-until.ts";
