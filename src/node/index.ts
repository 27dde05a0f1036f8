export { checkGrantedSession } from "./check-timing.ts";
export { type ClaimedDirectory, claimDataDirectory, type Predecessor } from "./data-directory.ts";
export { ConfigError } from "./load-node-config.ts";
export type { Log } from "./log.ts";
export { isOverloaded, loadOfThisMachine, type MachineLoad } from "./machine-load.ts";
export type { Figure } from "./node-figures.ts";
export { createNodePages, gauge, gaugeBy, type NodeHealth } from "./node-pages.ts";
export type { NodePorts, RunningNode } from "./node-ports.ts";
export { complain, runNode } from "./run-node.ts";
