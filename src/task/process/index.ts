export { type GuardedProcessesOptions, startGuardedProcesses } from "./guarded-processes.ts";
export type {
  TaskProcessExit,
  TaskProcesses,
  TaskProcessOutcome,
  TaskProcessSpec,
} from "./task-processes.ts";
