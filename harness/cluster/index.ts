export { type Cluster, type ClusterOptions, createCluster, type LaunchListener } from "./cluster.ts";
export type { ClusterNode, LifeOptions } from "./cluster-node.ts";
export type { NodeProcess, ProcessPhase } from "./node-process.ts";
export { type FailedStart, NodeStartError } from "./node-start-error.ts";
export { processState } from "./process-state.ts";
export { type Roster, type RosterEntry } from "./roster.ts";
