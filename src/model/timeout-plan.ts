import type { TaskState } from "./task-state.ts";
import type { TimeoutStrategy } from "./vocabulary.ts";

/**
 * Time-outs, counted from the start as the rows have it: whoever owns the workflow comes to the same instant, so a
 * take-over keeps the time that is left.
 *
 * | strategy   | what happens when the time is over                                     |
 * |------------|-------------------------------------------------------------------------|
 * | WARN       | an alert                                                                |
 * | FAILED     | the attempt is killed and ends in FAILURE; its retries count            |
 * | WARNFAILED | both                                                                    |
 */
export interface Timeout {
  readonly ms: number;
  readonly strategy: TimeoutStrategy;
}

export interface TimedTask {
  readonly id: number;
  readonly state: TaskState;
  readonly timeout: Timeout | undefined;
  readonly startedMs: number;
  /** Its executor is known to be gone: what becomes of it is another question. */
  readonly dead: boolean;
  /** It was dealt with: the alert is stored, or the kill is. */
  readonly told: boolean;
}

export interface TimedWorkflow {
  readonly nowMs: number;
  readonly tasks: readonly TimedTask[];
  readonly timeout: Timeout | undefined;
  readonly startedMs: number;
  readonly told: boolean;
}

export type TimeoutAction =
  | { readonly kind: "task"; readonly taskId: number; readonly warn: boolean; readonly fail: boolean }
  | { readonly kind: "workflow"; readonly warn: boolean; readonly fail: boolean }
  | { readonly kind: "wake"; readonly atMs: number };

const warns = (strategy: TimeoutStrategy): boolean => strategy !== "FAILED";
const fails = (strategy: TimeoutStrategy): boolean => strategy !== "WARN";

/** The instant at which it is over. A start that lies ahead comes from a clock that was set: it began now. */
function overAt(timeout: Timeout, startedMs: number, nowMs: number): number {
  return Math.min(startedMs, nowMs) + timeout.ms;
}

function planTask(task: TimedTask, nowMs: number): readonly TimeoutAction[] {
  const { id, state, timeout, told, dead } = task;
  if (timeout === undefined || told || dead || state !== "RUNNING_EXECUTION") return [];
  const atMs = overAt(timeout, task.startedMs, nowMs);
  if (atMs > nowMs) return [{ kind: "wake", atMs }];
  return [{ kind: "task", taskId: id, warn: warns(timeout.strategy), fail: fails(timeout.strategy) }];
}

/** What is over by now, and when the next one will be. */
export function planTimeouts(workflow: TimedWorkflow): readonly TimeoutAction[] {
  const { nowMs, tasks, timeout, told } = workflow;
  const actions = tasks.flatMap((task) => planTask(task, nowMs));
  if (timeout === undefined || told) return actions;
  const atMs = overAt(timeout, workflow.startedMs, nowMs);
  if (atMs > nowMs) return [...actions, { kind: "wake", atMs }];
  const { strategy } = timeout;
  return [...actions, { kind: "workflow", warn: warns(strategy), fail: fails(strategy) }];
}
