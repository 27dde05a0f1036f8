import { required } from "../../base/index.ts";
import { isTaskLive, type PlannedAction } from "../../model/index.ts";
import type { TaskRow } from "../../store/index.ts";
import { type RunPorts, type RunState, taskById } from "../run-state.ts";
import { decideBranch, decidesBranch } from "./branching.ts";
import { followDependencies } from "./dependent.ts";
import { ExpressionError } from "./expression.ts";
import { startLogicRow } from "./logic-row.ts";
import { followSubWorkflow, startSubWorkflow } from "./sub-workflow.ts";
import { SettingsError } from "./task-settings.ts";

/** How many pauses lie between two looks at what a live attempt waits for. An end of a child is also told at once. */
const PAUSES_BETWEEN_LOOKS = 2;

/** Lives in rows alone: the master that owns the workflow looks after it, and nothing of it is lost with a process. */
export function isRowTask(taskType: string): boolean {
  return taskType === "SUB_WORKFLOW" || taskType === "DEPENDENT";
}

/** A decision is made within one transaction: it has happened, with what it was, or it has not. */
function decide(ports: RunPorts, run: RunState, task: TaskRow): Promise<void> {
  return startLogicRow(ports, run, task, async (tx) => {
    try {
      const taskParams = decideBranch(run, task);
      await tx.query("UPDATE t_ds_task_instance SET task_params = $2 WHERE id = $1", [task.id, taskParams]);
      return { to: "SUCCESS" };
    } catch (error) {
      if (!(error instanceof ExpressionError) && !(error instanceof SettingsError)) throw error;
      return { to: "FAILURE", why: error.message };
    }
  });
}

/** Begins an attempt that takes rows only. False: it takes a process. */
export async function startRowTask(ports: RunPorts, run: RunState, taskId: number): Promise<boolean> {
  const task = required(taskById(run, taskId), `attempt ${taskId}`);
  if (decidesBranch(task.taskType)) await decide(ports, run, task);
  else if (task.taskType === "SUB_WORKFLOW") await startSubWorkflow(ports, run, task);
  // A dry run waits for nobody.
  else if (task.taskType === "DEPENDENT" && run.row.dryRun !== 1)
    await startLogicRow(ports, run, task, async () => ({ to: "RUNNING_EXECUTION" }));
  else return false;
  return true;
}

function mine(ports: RunPorts, run: RunState): readonly TaskRow[] {
  return [...run.tasks.values()].filter(
    (task) =>
      isRowTask(task.taskType) &&
      isTaskLive(task.state) &&
      task.workerIncarnation === ports.me.incarnation &&
      !run.busy.has(task.id),
  );
}

/** Looks at what the live SUB_WORKFLOW and DEPENDENT attempts of this owner wait for. */
export async function tendLogicTasks(ports: RunPorts, run: RunState): Promise<void> {
  for (const task of mine(ports, run)) {
    if (task.taskType === "SUB_WORKFLOW") await followSubWorkflow(ports, run, task);
    else await followDependencies(ports, run, task);
  }
}

/** When to look again, if there is anything to look at. */
export function nextLogicLook(ports: RunPorts, run: RunState): readonly PlannedAction[] {
  if (mine(ports, run).length === 0) return [];
  return [{ kind: "wake", atMs: ports.clock.now() + PAUSES_BETWEEN_LOOKS * ports.retryPauseMs }];
}
