import type { GraphNode, WorkflowGraph } from "./graph.ts";

/**
 * Branches. A CONDITIONS or SWITCH task that has ended decides which of the tasks right behind it run: it closes the
 * edges to the others. A task is skipped when every edge that leads to it is closed or comes from a skipped task; one
 * edge that is open is enough to run it. So a join behind a skipped branch waits for the others only, and what is
 * skipped never has a row. (DolphinScheduler's newer engine; the older one marked the deciding task itself.)
 */

export type NodeStatus =
  | "done"
  | "active"
  | "failed"
  | "paused"
  | "killed"
  | "not-reached"
  /** No way leads to it any more. */
  | "skipped"
  /** It failed, and that is what the CONDITIONS tasks behind it are for: the workflow does not fail by it. */
  | "consumed";

/** What the tasks that decide have decided. */
export interface Branching {
  /** Codes of the CONDITIONS tasks. */
  readonly conditions: ReadonlySet<number>;
  /** For each task that has decided: the tasks right behind it that it does not run. */
  readonly closed: ReadonlyMap<number, ReadonlySet<number>>;
}

/** Whether a task without a row may start now, later perhaps, or never. A join waits for all its predecessors. */
export function reachOf(
  node: GraphNode,
  statuses: ReadonlyMap<number, NodeStatus>,
  branching: Branching | undefined,
): "reached" | "waiting" | "skipped" {
  let open = node.predecessors.length === 0;
  for (const before of node.predecessors) {
    const status = statuses.get(before);
    if (status === "skipped") continue;
    if (status !== "done" && status !== "consumed") return "waiting";
    if (branching?.closed.get(before)?.has(node.code) !== true) open = true;
  }
  return open ? "reached" : "skipped";
}

/** Whether the failure of a task is taken up: all that comes right behind it are CONDITIONS tasks, and there is one. */
export function isTakenUp(code: number, graph: WorkflowGraph, branching: Branching | undefined): boolean {
  const successors = graph.nodes.filter((node) => node.predecessors.includes(code));
  return successors.length > 0 && successors.every((node) => branching?.conditions.has(node.code) === true);
}
