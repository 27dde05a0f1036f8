import type { CaseNode, TaskAction } from "../resolved-case.ts";

/** What a workflow offers to those who name it. */
export interface WorkflowNames {
  readonly tasks: ReadonlySet<string>;
  /** Kind of each task; of a fixture's tasks it is not known. */
  readonly kinds: ReadonlyMap<string, TaskAction["kind"]>;
}

/**
 * The names of a case, gathered section by section. `undefined` means: the section is so broken that nothing can be
 * said about its names, and complaining would only repeat the first problem.
 */
export interface CaseNames {
  nodes: ReadonlyMap<string, CaseNode> | undefined;
  /** Worker groups, `default` too. */
  groups: ReadonlySet<string>;
  workflows: ReadonlyMap<string, WorkflowNames> | undefined;
  taskGroups: ReadonlySet<string>;
  alertGroups: ReadonlySet<string>;
  environments: ReadonlySet<string>;
  /** How many instances of each workflow are known to come about, so far. */
  readonly instances: Map<string, number>;
  /** Workflows of which any number may come about (sub-workflows); `*` when rows are put in by hand. */
  readonly uncounted: Set<string>;
  /** Ids of the steps, in order. */
  steps: readonly string[];
  /** Steps that are not done to a node, with what they do. */
  actionsOnNobody: ReadonlyMap<string, string>;
  /** Steps whose ids are unusable: names of steps are not checked. */
  stepsBroken: boolean;
  /** Names that `$bind` gave so far. */
  readonly bound: Set<string>;
}

/** Before anything was read. */
export function noNames(): CaseNames {
  return {
    nodes: undefined,
    groups: new Set(["default"]),
    workflows: undefined,
    taskGroups: new Set(),
    alertGroups: new Set(),
    environments: new Set(),
    instances: new Map(),
    uncounted: new Set(),
    steps: [],
    actionsOnNobody: new Map(),
    stepsBroken: false,
    bound: new Set(),
  };
}

/** Counts instances that come about. A workflow that does not exist is misspelt: then any other may have been meant. */
export function addInstances(names: CaseNames, workflow: string, count: number): void {
  if (names.workflows?.has(workflow) !== true) names.uncounted.add("*");
  names.instances.set(workflow, (names.instances.get(workflow) ?? 0) + count);
}

/** Whether more instances may exist than were counted. */
export function isUncounted(names: CaseNames, workflow: string): boolean {
  return names.uncounted.has("*") || names.uncounted.has(workflow);
}
