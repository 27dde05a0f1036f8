export * from "./control.ts";
export * from "./events.ts";
export * from "./paths.ts";
export * from "./task-state.ts";
export * from "./vocabulary.ts";
export * from "./workflow-state.ts";
