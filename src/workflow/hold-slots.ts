import { required } from "../base/index.ts";
import { isTaskWaiting } from "../model/index.ts";
import { askForSlot, selectWaitingForSlot, type TaskRow } from "../store/index.ts";
import { writeOwned } from "./owner-write.ts";
import { type RunPorts, type RunState, taskById } from "./run-state.ts";

/** Its place among those that wait for the same group: the larger the sooner. */
export function groupPriorityOf(run: RunState, task: TaskRow): number {
  return run.definition.tasks.get(task.taskCode)?.taskGroupPriority ?? 0;
}

/** How it stands with the slot that an attempt needs before it is handed out. Undefined: it needs none. */
export function slotOfTask(run: RunState, task: TaskRow): "wanted" | "waiting" | "held" | undefined {
  // A dry run runs nothing.
  if ((task.taskGroupId ?? 0) <= 0 || run.row.dryRun === 1) return undefined;
  return run.slots.get(task.id) ?? "wanted";
}

/** Asks for the slot of an attempt, or takes its place in the queue. Asked twice it is the same slot. */
export async function acquireSlot(ports: RunPorts, run: RunState, taskId: number): Promise<void> {
  const task = required(taskById(run, taskId), `attempt ${taskId}`);
  const had = await writeOwned(ports, run, `slot of ${task.name}`, (tx) =>
    askForSlot(tx, {
      groupId: task.taskGroupId ?? 0,
      taskId,
      taskName: task.name,
      workflowInstanceId: task.workflowInstanceId,
      priority: groupPriorityOf(run, task),
      nowMs: ports.clock.now(),
    }),
  );
  run.slots.set(taskId, had ? "held" : "waiting");
}

/** Attempts that wait for a slot and may get one now, or whose place in the queue is gone, ask again. */
export async function absorbFreeSlots(ports: RunPorts, run: RunState): Promise<void> {
  const waiting = [...run.tasks.values()].filter(
    (task) => isTaskWaiting(task.state) && run.slots.get(task.id) === "waiting",
  );
  if (waiting.length === 0) return;
  const rows = await selectWaitingForSlot(ports.database, run.own.workflowInstanceId);
  for (const { id } of waiting) if (rows.get(id) !== false) run.slots.delete(id);
}
