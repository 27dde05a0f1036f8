export { createLineReader, GUARD_CHANNEL_FD, type GuardReply, type GuardRequest } from "./messages.ts";
export {
  guardRecordPath,
  killRecordedProcesses,
  readRecord,
  writeDurably,
} from "./pid-records.ts";
export {
  findMarkedProcesses,
  identifyProcess,
  isAlive,
  killQuietly,
  type ProcessIdentity,
} from "./process-table.ts";
export { runGuard } from "./run-guard.ts";
