export { type ClaimedDirectory, claimDataDirectory, type Predecessor } from "./data-directory.ts";
export { ConfigError } from "./load-node-config.ts";
export type { Log } from "./log.ts";
export type { NodePorts, RunningNode } from "./node-ports.ts";
export { complain, runNode } from "./run-node.ts";
