import { assertNever } from "../base/index.ts";
import { type Branching, isTakenUp, type NodeStatus, reachOf } from "./branches.ts";
import type { GraphNode, WorkflowGraph } from "./graph.ts";
import type { TaskState } from "./task-state.ts";

/**
 * What an owner does next with a workflow, decided from the rows alone. It is asked again after every change, and after
 * a take-over it is asked the same question about the same rows: that is why recovery needs no code of its own.
 *
 * | workflow    | waiting attempt | live attempt             | failed, retries left | next task may start |
 * |-------------|-----------------|--------------------------|----------------------|---------------------|
 * | RUNNING     | hand out        | watch                    | retry after interval | create              |
 * | READY_PAUSE | PAUSE           | watch (it may end)       | retry row, then PAUSE| create, then PAUSE  |
 * | READY_STOP  | KILL            | kill, again and again    | retry row, then KILL | create, then KILL   |
 *
 * A live attempt whose executor is dead gets a successor in every state. When nothing is active any more, the workflow
 * ends: see `endState`.
 */

export type ActiveWorkflowState = "RUNNING_EXECUTION" | "READY_PAUSE" | "READY_STOP";

/** What the owner knows of the process that a live attempt was handed to. */
export type Executor =
  /** It said that it has it. */
  | "confirmed"
  /** Not asked yet, or no answer yet. */
  | "unresolved"
  /** It is gone for certain, and nothing of the attempt runs. */
  | "dead";

export interface TaskView {
  readonly id: number;
  readonly state: TaskState;
  readonly retriesLeft: boolean;
  /** Wall-clock instant at which a retry is due. */
  readonly retryAtMs: number;
  /** Wall-clock instant up to which a waiting attempt is delayed. */
  readonly delayedUntilMs: number;
  readonly executor: Executor;
  /** An operation on it is under way: look again when it has ended. */
  readonly busy: boolean;
  /** Of its task group: to be asked for, asked for in vain so far, or had. Undefined: it needs none. */
  readonly slot?: "wanted" | "waiting" | "held" | undefined;
  /** Its end is wanted whatever the workflow's state: its time is over. */
  readonly killWanted?: boolean;
  /** It stands for a sub-workflow that there is: a stop or a pause reaches that one through it. */
  readonly holdsChild?: boolean;
}

export interface WorkflowView {
  readonly state: ActiveWorkflowState;
  readonly graph: WorkflowGraph;
  /** The valid attempt of each task that has one, by task code. */
  readonly tasks: ReadonlyMap<number, TaskView>;
  readonly nowMs: number;
  /** Undefined: nothing in the graph decides about branches. */
  readonly branching?: Branching;
}

export type PlannedAction =
  | { readonly kind: "create"; readonly code: number }
  | { readonly kind: "park"; readonly taskId: number; readonly to: "PAUSE" | "KILL" }
  | { readonly kind: "delay"; readonly taskId: number }
  /** Ask its task group for a slot. */
  | { readonly kind: "acquire"; readonly taskId: number }
  | { readonly kind: "dispatch"; readonly taskId: number }
  | { readonly kind: "resolve"; readonly taskId: number }
  | { readonly kind: "kill"; readonly taskId: number }
  | { readonly kind: "retry"; readonly taskId: number }
  /** A successor of an attempt whose executor is dead. */
  | { readonly kind: "replace"; readonly taskId: number }
  | { readonly kind: "wake"; readonly atMs: number }
  | { readonly kind: "finish"; readonly state: EndState };

export type EndState = "SUCCESS" | "FAILURE" | "PAUSE" | "STOP";

interface Verdict {
  readonly status: NodeStatus;
  readonly actions: readonly PlannedAction[];
}

const parkState = { READY_PAUSE: "PAUSE", READY_STOP: "KILL" } as const;

function planWaiting(view: WorkflowView, task: TaskView): readonly PlannedAction[] {
  if (task.holdsChild === true) return [{ kind: "dispatch", taskId: task.id }];
  if (view.state !== "RUNNING_EXECUTION")
    return [{ kind: "park", taskId: task.id, to: parkState[view.state] }];
  if (task.delayedUntilMs <= view.nowMs) return planStart(view, task);
  const wake: PlannedAction = { kind: "wake", atMs: task.delayedUntilMs };
  return task.state === "DELAY_EXECUTION" ? [wake] : [{ kind: "delay", taskId: task.id }, wake];
}

/**
 * Whoever frees a slot says so, and a poll of the queue stands behind that. This is for a place in the queue that
 * somebody has deleted: then nothing is there to be polled. Milliseconds.
 */
const SLOT_DOUBT_MS = 10_000;

function planStart(view: WorkflowView, task: TaskView): readonly PlannedAction[] {
  if (task.slot === "wanted") return [{ kind: "acquire", taskId: task.id }];
  if (task.slot === "waiting") return [{ kind: "wake", atMs: view.nowMs + SLOT_DOUBT_MS }];
  return [{ kind: "dispatch", taskId: task.id }];
}

function planLive(view: WorkflowView, task: TaskView): readonly PlannedAction[] {
  if (task.executor === "dead") return [{ kind: "replace", taskId: task.id }];
  if (view.state === "READY_STOP" || task.killWanted === true) return [{ kind: "kill", taskId: task.id }];
  return task.executor === "unresolved" ? [{ kind: "resolve", taskId: task.id }] : [];
}

function planFailed(view: WorkflowView, task: TaskView): Verdict {
  if (!task.retriesLeft) return { status: "failed", actions: [] };
  const due = view.state !== "RUNNING_EXECUTION" || task.retryAtMs <= view.nowMs;
  const action: PlannedAction = due
    ? { kind: "retry", taskId: task.id }
    : { kind: "wake", atMs: task.retryAtMs };
  return { status: "active", actions: [action] };
}

function planTask(view: WorkflowView, task: TaskView): Verdict {
  if (task.busy) return { status: "active", actions: [] };
  switch (task.state) {
    case "SUBMITTED_SUCCESS":
    case "DELAY_EXECUTION":
      return { status: "active", actions: planWaiting(view, task) };
    case "DISPATCH":
    case "RUNNING_EXECUTION":
      return { status: "active", actions: planLive(view, task) };
    case "FAILURE":
      return planFailed(view, task);
    case "NEED_FAULT_TOLERANCE":
      // Valid and yet replaced: only a damaged database has it. The successor that is missing is made.
      return { status: "active", actions: [{ kind: "replace", taskId: task.id }] };
    case "SUCCESS":
    case "FORCED_SUCCESS":
      return { status: "done", actions: [] };
    case "PAUSE":
      return { status: "paused", actions: [] };
    case "KILL":
      return { status: "killed", actions: [] };
    default:
      return assertNever(task.state, "task state");
  }
}

function planNode(view: WorkflowView, node: GraphNode, statuses: ReadonlyMap<number, NodeStatus>): Verdict {
  const task = view.tasks.get(node.code);
  if (task !== undefined) {
    const verdict = planTask(view, task);
    const takenUp = verdict.status === "failed" && isTakenUp(node.code, view.graph, view.branching);
    return takenUp ? { status: "consumed", actions: [] } : verdict;
  }
  // A join waits for all of its predecessors, also those that have not started yet.
  const reach = reachOf(node, statuses, view.branching);
  if (reach === "reached") return { status: "active", actions: [{ kind: "create", code: node.code }] };
  return { status: reach === "skipped" ? "skipped" : "not-reached", actions: [] };
}

/** How a workflow ends in which nothing is active any more. */
export function endState(state: ActiveWorkflowState, statuses: ReadonlySet<NodeStatus>): EndState {
  const order: readonly (readonly [NodeStatus, EndState])[] =
    state === "RUNNING_EXECUTION"
      ? [
          ["failed", "FAILURE"],
          ["killed", "STOP"],
          ["paused", "PAUSE"],
        ]
      : state === "READY_PAUSE"
        ? [
            ["failed", "FAILURE"],
            ["paused", "PAUSE"],
            ["killed", "STOP"],
          ]
        : [
            ["killed", "STOP"],
            ["failed", "FAILURE"],
            ["paused", "STOP"],
          ];
  return order.find(([status]) => statuses.has(status))?.[1] ?? "SUCCESS";
}

/** The next actions, in the order of the graph. Empty: there is nothing to do until something happens. */
export function planWorkflow(view: WorkflowView): readonly PlannedAction[] {
  const statuses = new Map<number, NodeStatus>();
  const actions: PlannedAction[] = [];
  for (const node of view.graph.nodes) {
    const verdict = planNode(view, node, statuses);
    statuses.set(node.code, verdict.status);
    actions.push(...verdict.actions);
  }
  const all = new Set(statuses.values());
  if (all.has("active")) return actions;
  return [{ kind: "finish", state: endState(view.state, all) }];
}
