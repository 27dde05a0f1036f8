import { assertNever } from "../base/index.ts";
import type { ActiveWorkflowState } from "./workflow-plan.ts";
import type { WorkflowState } from "./workflow-state.ts";

/**
 * A SUB_WORKFLOW task and its child. The child is a workflow of its own, with its own owner: it is failed over by
 * itself, and the attempt that stands for it follows its state.
 *
 * | child                        | attempt                                                       |
 * |------------------------------|---------------------------------------------------------------|
 * | gone, or nobody starts it    | lost: its successor gets a new child                          |
 * | a command waits for it       | waits: it starts, or goes on                                  |
 * | SUCCESS FAILURE PAUSE STOP   | SUCCESS FAILURE PAUSE KILL                                    |
 * | anything else                | waits; and if its workflow stops or pauses, the child is told |
 */

/** What the rows say of a child. */
export interface ChildView {
  readonly state: WorkflowState;
  readonly owned: boolean;
  /** A command waits for it. */
  readonly commanded: boolean;
  /** Its open orders. */
  readonly orders: readonly ("STOP" | "PAUSE")[];
}

export type ChildStep =
  | { readonly kind: "end"; readonly state: "SUCCESS" | "FAILURE" | "PAUSE" | "KILL" }
  | { readonly kind: "order"; readonly order: "STOP" | "PAUSE" }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "wait" };

/** It waits for a start that will never come: its command is gone. */
function isNeverStarted(child: ChildView): boolean {
  return child.state === "SUBMITTED_SUCCESS" && !child.commanded && !child.owned;
}

/** What an attempt that waits to start does: go on with the child that it has, begin a new one, or end at once. */
export function planChildStart(
  parent: ActiveWorkflowState,
  child: ChildView | undefined,
): "keep" | "create" | "PAUSE" | "KILL" {
  if (child !== undefined && !isNeverStarted(child)) return "keep";
  switch (parent) {
    case "RUNNING_EXECUTION":
      return "create";
    case "READY_PAUSE":
      return "PAUSE";
    case "READY_STOP":
      return "KILL";
    default:
      return assertNever(parent, "workflow state");
  }
}

function orderFor(parent: ActiveWorkflowState, child: ChildView): ChildStep {
  const wait: ChildStep = { kind: "wait" };
  if (parent === "RUNNING_EXECUTION" || child.state === "READY_STOP") return wait;
  const order = parent === "READY_STOP" ? "STOP" : "PAUSE";
  if (order === "PAUSE" && child.state === "READY_PAUSE") return wait;
  return child.orders.includes(order) || child.orders.includes("STOP") ? wait : { kind: "order", order };
}

/**
 * What the owner of the parent does for a live attempt, from the rows alone: asked again until the attempt has ended.
 */
export function followChild(parent: ActiveWorkflowState, child: ChildView | undefined): ChildStep {
  if (child === undefined) return { kind: "lost", why: "its sub-workflow is gone" };
  if (isNeverStarted(child)) return { kind: "lost", why: "nobody will start its sub-workflow" };
  switch (child.state) {
    case "SUCCESS":
    case "FAILURE":
    case "PAUSE":
      return child.commanded ? { kind: "wait" } : { kind: "end", state: child.state };
    case "STOP":
      return child.commanded ? { kind: "wait" } : { kind: "end", state: "KILL" };
    case "SUBMITTED_SUCCESS":
    case "RUNNING_EXECUTION":
    case "READY_PAUSE":
    case "READY_STOP":
    case "SERIAL_WAIT":
    case "WAIT_TO_RUN":
    case "FAILOVER":
      return orderFor(parent, child);
    default:
      return assertNever(child.state, "workflow state");
  }
}
