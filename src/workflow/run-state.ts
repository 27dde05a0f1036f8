import type { Clock, Failpoints, Timer } from "../base/index.ts";
import type { Dispatcher } from "../dispatch/index.ts";
import type { ActiveWorkflowState, Events, Executor, TaskSubject } from "../model/index.ts";
import type { Log } from "../node/index.ts";
import type { RpcClient } from "../rpc/index.ts";
import type { Database, Ownership, TaskRow, WorkflowRow } from "../store/index.ts";
import type { TaskProcesses } from "../task/process/index.ts";
import type { LoadedDefinition } from "./definition.ts";

/** `dispatchTimeout`, and the instant before which this master gives nothing up. */
export interface DispatchLimit {
  /** 0: a task waits for a worker for ever. */
  readonly limitMs: number;
  /** Wall clock, milliseconds. */
  readonly notBeforeMs: number;
}

/** What a run of a workflow reaches the world through; one for all runs of a master. */
export interface RunPorts {
  readonly clock: Clock;
  readonly events: Events;
  readonly failpoints: Failpoints;
  readonly log: Log;
  readonly database: Database;
  readonly rpc: RpcClient;
  readonly dispatcher: Dispatcher;
  /** Scripts of logic tasks run here. */
  readonly processes: TaskProcesses;
  /** The life that owns the runs. */
  readonly me: { readonly incarnation: string; readonly address: string };
  /** F has not passed: effects are allowed. Looked at right before each one. */
  mayAct(): boolean;
  /** Limit of one call to a worker, milliseconds. */
  readonly rpcTimeoutMs: number;
  /** Pause before something that failed is tried again, milliseconds. */
  readonly retryPauseMs: number;
  readonly dispatchLimit: DispatchLimit;
  /** Where logs and working directories of logic tasks go. */
  readonly dataDirectory: string;
}

/** A run in memory: a copy of the rows, and what the rows do not say. */
export interface RunState {
  readonly own: Ownership;
  readonly row: WorkflowRow;
  readonly definition: LoadedDefinition;
  state: ActiveWorkflowState;
  /** The valid attempt of each task, by task code. */
  readonly tasks: Map<number, TaskRow>;
  /** By attempt. A live attempt that is not in here is unresolved. */
  readonly executors: Map<number, Executor>;
  /** Attempts with an operation under way. */
  readonly busy: Set<number>;
  /** Attempts whose kill was asked for; asked again at the instant (monotonic). */
  readonly killAgainAtMs: Map<number, number>;
  /** Answers of task groups, by attempt; what is not in here has not asked. */
  readonly slots: Map<number, "waiting" | "held">;
  /** When a resolve that got no answer is tried again (monotonic). */
  readonly resolveAgainAtMs: Map<number, number>;
  /** Attempts whose time-out was dealt with, and the workflow's own. */
  readonly timeoutsTold: Set<number | "workflow">;
  /** Handed to somebody else, or finished: nothing is done any more. */
  ended: boolean;
  wakeTimer: Timer | undefined;
  /** When that timer fires (monotonic); infinity without one. */
  wakeAtMs: number;
}

/** The attempt with this id, if it is still the valid one. */
export function taskById(run: RunState, id: number): TaskRow | undefined {
  for (const task of run.tasks.values()) if (task.id === id) return task;
  return undefined;
}

/** Puts a row that was just written into the copy; a successor takes its predecessor's place. */
export function putTask(run: RunState, task: TaskRow): void {
  run.tasks.set(task.taskCode, task);
}

export function subjectOf(task: TaskRow): TaskSubject {
  return { workflowInstanceId: task.workflowInstanceId, taskInstanceId: task.id, taskName: task.name };
}

/** Says that a row was written. */
export function emitTaskState(
  ports: RunPorts,
  run: RunState,
  task: TaskRow,
  from: TaskRow["state"] | null,
): void {
  ports.events.emit({
    type: "task.state",
    ...subjectOf(task),
    state: task.state,
    from,
    flag: 1,
    epoch: run.own.epoch,
  });
}

/** Says that an attempt, now in `oldState`, was replaced by a successor. */
export function emitReplaced(
  ports: RunPorts,
  run: RunState,
  change: { readonly old: TaskRow; readonly oldState: TaskRow["state"]; readonly next: TaskRow },
): void {
  const { old, oldState, next } = change;
  const { epoch } = run.own;
  ports.events.emit({
    type: "task.state",
    ...subjectOf(old),
    state: oldState,
    from: old.state,
    flag: 0,
    epoch,
  });
  emitTaskState(ports, run, next, null);
}
