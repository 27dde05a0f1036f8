export { type Coordinator, createCoordinator } from "./coordinator.ts";
export type { FailoverPorts, FailoverTiming } from "./failover-ports.ts";
export { connectionName } from "./judge-death.ts";
export { createReconciler, noteLeft, type Reconciler } from "./reconcile.ts";
export { type SweepPorts, sweepOwned } from "./sweep.ts";
