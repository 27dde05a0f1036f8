export {
  askDocker,
  type DockerAddress,
  type DockerAnswer,
  dockerAddress,
  RUN_LABEL,
} from "./docker-socket.ts";
export { type Keeper, startKeeper } from "./keeper.ts";
export {
  isRunning,
  listProcesses,
  type ProcessEntry,
  readProcess,
  withDescendants,
} from "./process-table.ts";
export { projectRoot } from "./project-root.ts";
export { removeDirectory, removeSharedMemory } from "./sweep.ts";
