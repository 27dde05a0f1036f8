export { startGuardedProcesses } from "./guarded-processes.ts";
export {
  NotStartedError,
  type TaskProcessExit,
  type TaskProcesses,
  type TaskProcessSpec,
} from "./task-processes.ts";
