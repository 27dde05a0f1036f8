import { followChild, planChildStart } from "../../model/index.ts";
import {
  abandonChild,
  adoptChild,
  type ChildDefinition,
  insertChild,
  lockChild,
  orderChild,
  type SqlExecutor,
  selectChild,
  selectChildDefinition,
  selectChildPools,
  selectLineage,
  type TaskRow,
} from "../../store/index.ts";
import { writeOwned } from "../owner-write.ts";
import { parametersForChild, readPools, varPoolOf } from "../parameters.ts";
import { replaceTask } from "../row-actions.ts";
import type { RunPorts, RunState } from "../run-state.ts";
import { endLogicRow, type LogicStart, startLogicRow } from "./logic-row.ts";
import { parseSettings, readChildDefinition, SettingsError } from "./task-settings.ts";

/**
 * Levels of workflows, the outermost included. Three are the deepest that DolphinScheduler's tests have; ten times that
 * is no workflow that a person draws, but definitions that somebody generates without an end.
 */
const MAX_LEVELS = 30;

/** Why a workflow must not start this child; undefined: it may. */
async function objectionTo(
  tx: SqlExecutor,
  run: RunState,
  definition: ChildDefinition,
): Promise<string | undefined> {
  const lineage = await selectLineage(tx, run.own.workflowInstanceId);
  if (lineage.some((level) => level.definitionCode === definition.code))
    return `the workflow ${definition.name ?? definition.code} would contain itself`;
  return lineage.length >= MAX_LEVELS ? `sub-workflows are more than ${MAX_LEVELS} levels deep` : undefined;
}

async function createChild(
  tx: SqlExecutor,
  ports: RunPorts,
  run: RunState,
  task: TaskRow,
): Promise<LogicStart> {
  const code = readChildDefinition(parseSettings(task.taskParams));
  const definition = await selectChildDefinition(tx, code);
  if (definition === undefined) return { to: "FAILURE", why: `there is no workflow definition ${code}` };
  const objection = await objectionTo(tx, run, definition);
  if (objection !== undefined) return { to: "FAILURE", why: objection };
  const { globalParams, commandParams } = parametersForChild(run, task, definition.globalParams);
  await insertChild(tx, {
    parentId: run.own.workflowInstanceId,
    attemptId: task.id,
    definition,
    globalParams,
    commandParam: JSON.stringify({
      commandType: "START_PROCESS",
      startNodes: [],
      commandParams,
      timeZone: "UTC",
    }),
    nowMs: ports.clock.now(),
  });
  return { to: "RUNNING_EXECUTION" };
}

async function beginWithChild(
  tx: SqlExecutor,
  ports: RunPorts,
  run: RunState,
  task: TaskRow,
): Promise<LogicStart> {
  const { childId } = task;
  if (childId !== null) await lockChild(tx, childId);
  const child = childId === null ? undefined : await selectChild(tx, childId);
  const plan = planChildStart(run.state, child);
  if (plan === "keep" && childId !== null) {
    await adoptChild(tx, { parentId: run.own.workflowInstanceId, attemptId: task.id, childId });
    return { to: "RUNNING_EXECUTION" };
  }
  if (childId !== null) await abandonChild(tx, { attemptId: task.id, childId, nowMs: ports.clock.now() });
  return plan === "PAUSE" || plan === "KILL" ? { to: plan } : createChild(tx, ports, run, task);
}

/**
 * Begins an attempt of a SUB_WORKFLOW task: with the child that it has (of the attempt that it follows after a
 * failover or a recovery), or with a new one. The child and its START command are there when the attempt runs, and
 * never before.
 */
export function startSubWorkflow(ports: RunPorts, run: RunState, task: TaskRow): Promise<void> {
  return startLogicRow(ports, run, task, async (tx) => {
    try {
      return await beginWithChild(tx, ports, run, task);
    } catch (error) {
      if (error instanceof SettingsError) return { to: "FAILURE", why: error.message };
      throw error;
    }
  });
}

/** What the child gave out is what its task gives out, if it declares it. */
async function poolFrom(tx: SqlExecutor, task: TaskRow, childId: number): Promise<string | undefined> {
  return varPoolOf(task, readPools(await selectChildPools(tx, childId)));
}

/** One look at the child of a live attempt: the attempt ends with it, or the child is told what its parent was told. */
export async function followSubWorkflow(ports: RunPorts, run: RunState, task: TaskRow): Promise<void> {
  const { childId } = task;
  const wanted = task.killReason === null ? run.state : "READY_STOP";
  const look = async (sql: SqlExecutor) =>
    followChild(wanted, childId === null ? undefined : await selectChild(sql, childId));
  const step = await look(ports.database);
  switch (step.kind) {
    case "wait":
      return;
    case "lost":
      ports.log.warn(`attempt ${task.id} of ${task.name} begins anew: ${step.why}`);
      await replaceTask(ports, run, task.id, "failover");
      return;
    case "order":
      return writeOwned(ports, run, `${step.order} for the child of ${task.name}`, async (tx) => {
        if (childId === null) return;
        const order = { childId, kind: step.order, by: `task-${task.id}`, nowMs: ports.clock.now() };
        await orderChild(tx, order);
      });
    case "end":
      return endLogicRow(ports, run, task, async (tx) => {
        if (childId === null) return undefined;
        // Locked, it cannot be recovered meanwhile: what it is now is what it was.
        await lockChild(tx, childId);
        const now = await look(tx);
        if (now.kind !== "end") return undefined;
        const why = now.state === "FAILURE" ? `its sub-workflow ${childId} has failed` : undefined;
        const varPool = now.state === "SUCCESS" ? await poolFrom(tx, task, childId) : undefined;
        return { state: now.state, varPool, why };
      });
  }
}
