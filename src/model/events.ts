import type { TaskState } from "./task-state.ts";
import type { CommandType, NodeKind } from "./vocabulary.ts";
import type { WorkflowState } from "./workflow-state.ts";

/** The task attempt that an event is about. */
export interface TaskSubject {
  readonly workflowInstanceId: number;
  readonly taskInstanceId: number;
  /** Name of the task in its workflow. */
  readonly taskName: string;
}

/**
 * Everything that the scheduler says about itself. The history of a run, its invariants, latencies and reports are read
 * from these, so a type is added here before it is emitted anywhere.
 */
export type EventBody =
  | {
      readonly type: "node.ready";
      /** T as the registry granted it. */
      readonly sessionTimeoutMs: number;
      readonly kind: NodeKind;
      readonly address: string;
      readonly listenPort: number;
      readonly pid: number;
    }
  | { readonly type: "node.stopping"; readonly reason: string }
  /** Seen by a master in its view of the cluster. `of` is the address. */
  | {
      readonly type: "cluster.node.joined" | "cluster.node.left";
      readonly kind: NodeKind;
      readonly of: string;
      readonly ofIncarnation: string;
    }
  /** This node's own session ended, or its lease deadline passed. */
  | { readonly type: "registry.session.lost"; readonly reason: string }
  | { readonly type: "registry.session.suspended" | "registry.session.restored" }
  | {
      readonly type: "command.claimed";
      readonly commandId: number;
      readonly commandType: CommandType;
      readonly workflowInstanceId: number;
      readonly epoch: number;
    }
  | {
      readonly type: "command.failed";
      readonly commandId: number;
      readonly workflowInstanceId: number;
      readonly message: string;
    }
  /** The owner of a workflow changed; `owner` is an incarnation, null means nobody. */
  | {
      readonly type: "workflow.owner";
      readonly workflowInstanceId: number;
      readonly owner: string | null;
      readonly epoch: number;
    }
  | {
      readonly type: "workflow.state";
      readonly workflowInstanceId: number;
      readonly state: WorkflowState;
      readonly from: WorkflowState;
      readonly epoch: number;
    }
  | ({
      readonly type: "task.dispatched";
      readonly dispatchNo: number;
      readonly of: string;
      readonly ofIncarnation: string;
      readonly epoch: number;
    } & TaskSubject)
  | ({
      readonly type: "task.takenOver";
      readonly dispatchNo: number;
      readonly of: string;
      readonly ofIncarnation: string;
      readonly epoch: number;
    } & TaskSubject)
  /** A process of the task started, said by the node that runs it. */
  | ({ readonly type: "task.started"; readonly dispatchNo: number; readonly pid: number } & TaskSubject)
  /** The process ended. `outcome` LOST: killed because the node may no longer act. */
  | ({
      readonly type: "task.finished";
      readonly dispatchNo: number;
      readonly outcome: "SUCCESS" | "FAILURE" | "KILLED" | "LOST";
      readonly exitCode: number | null;
    } & TaskSubject)
  /** A task row was written; `from` is null for a new row. */
  | ({
      readonly type: "task.state";
      readonly state: TaskState;
      readonly from: TaskState | null;
      readonly flag: 0 | 1;
      readonly epoch: number;
    } & TaskSubject)
  /** `of` is the address of the node that is failed over. */
  | {
      readonly type: "failover.started" | "failover.marked";
      readonly kind: NodeKind;
      readonly of: string;
      readonly ofIncarnation: string;
    }
  | {
      readonly type: "failover.finished";
      readonly kind: NodeKind;
      readonly of: string;
      readonly ofIncarnation: string;
      readonly workflows: number;
      readonly tasks: number;
    }
  /** A write of a former owner changed nothing: what it wanted to write. */
  | {
      readonly type: "fence.rejected";
      readonly what: string;
      readonly workflowInstanceId?: number;
      readonly epoch?: number;
    }
  | {
      readonly type: "operator.accepted" | "operator.refused";
      readonly request: string;
      readonly requestId: string;
      readonly workflowInstanceId?: number;
      readonly reason?: string;
    }
  | {
      readonly type: "alert.stored";
      readonly alertId: number;
      readonly title: string;
      readonly of?: string;
      readonly workflowInstanceId?: number;
    }
  /** A channel took the alert, and that is on record. */
  | {
      readonly type: "alert.delivered";
      readonly alertId: number;
      readonly title: string;
      /** Name of the plugin instance. */
      readonly channel: string;
      /** The try that succeeded, from 1. */
      readonly tries: number;
      readonly of?: string;
      readonly workflowInstanceId?: number;
    }
  /** The process is at a failpoint; `held` when it waits there until it is released by `holdId`. */
  | {
      readonly type: "failpoint.reached";
      readonly name: string;
      readonly held: boolean;
      readonly holdId: number;
      /** The arming that it was reached by (ControlMessage). */
      readonly armId: number;
      readonly workflowInstanceId?: number;
      readonly taskInstanceId?: number;
      readonly of?: string;
    }
  /** What a person would want to read in a log. */
  | { readonly type: "log"; readonly level: "debug" | "info" | "warn" | "error"; readonly message: string };

export type EventType = EventBody["type"];

/** What every event carries beside its body. */
export interface EventEnvelope {
  /** Counts from 1 in each process. */
  readonly seq: number;
  /** Address of the node that says it. */
  readonly node: string;
  readonly incarnation: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly wallMs: number;
  /** Monotonic clock of the machine, milliseconds. */
  readonly monoMs: number;
}

export type NodeEvent = EventEnvelope & EventBody;

/** Where a node's events go: a line of JSON each on its event channel; nowhere when nobody listens. */
export interface Events {
  emit(body: EventBody): void;
}

/** Events that a case may wait for or assert on (CASE-FORMAT, "Events"). */
export const CASE_EVENT_TYPES = [
  "cluster.node.joined",
  "cluster.node.left",
  "registry.session.lost",
  "registry.entry.added",
  "registry.entry.removed",
  "command.claimed",
  "command.failed",
  "workflow.owner",
  "workflow.state",
  "task.dispatched",
  "task.takenOver",
  "task.started",
  "task.finished",
  "task.state",
  "failover.started",
  "failover.marked",
  "failover.finished",
  "fence.rejected",
  "operator.accepted",
  "operator.refused",
  "alert.stored",
  "alert.delivered",
] as const;
export type CaseEventType = (typeof CASE_EVENT_TYPES)[number];
