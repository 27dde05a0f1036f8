export { startGuardedProcesses } from "./guarded-processes.ts";
export type {
  TaskProcessExit,
  TaskProcesses,
  TaskProcessSpec,
} from "./task-processes.ts";
