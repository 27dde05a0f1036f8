export { loadRun } from "./load-run.ts";
export { failRun } from "./row-actions.ts";
export type { DispatchLimit, RunPorts } from "./run-state.ts";
export { createWorkflowRun, type WorkflowRun } from "./workflow-run.ts";
