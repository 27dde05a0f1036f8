export { type ClaimedDirectory, claimDataDirectory, type Predecessor } from "./data-directory.ts";
export { ConfigError, loadNodeConfig } from "./load-node-config.ts";
export type { Log } from "./log.ts";
export { createNodePorts, type NodePorts, type RunningNode } from "./node-ports.ts";
export { complain, runNode } from "./run-node.ts";
