import {
  type CommandType,
  FAILURE_STRATEGY_CODES,
  type InstanceChanges,
  type InstanceOrder,
  isWorkflowFinished,
  type OperatorAnswer,
  PRIORITY_CODES,
  type RunOptions,
  storedParameters,
  TASK_DEPEND_TYPE_CODES,
  type WorkflowState,
} from "../model/index.ts";
import { insertCommand, lockWorkflows, type SqlExecutor, type WorkflowRow } from "../store/index.ts";
import { chooseTasks } from "./choose-definition.ts";
import { refused } from "./refusal.ts";

/** A request for an ended workflow to go on. */
export type Again = Extract<InstanceOrder, { kind: "repeat" | "recoverFailed" | "recoverSuspended" }>;

const COMMANDS = {
  repeat: "REPEAT_RUNNING",
  recoverFailed: "START_FAILURE_TASK_PROCESS",
  recoverSuspended: "RECOVER_SUSPENDED_PROCESS",
} as const satisfies Record<Again["kind"], CommandType>;

function changesOf(options: RunOptions): InstanceChanges {
  const { workerGroup, priority, failureStrategy, dryRun } = options;
  return {
    ...(workerGroup === undefined ? {} : { workerGroup }),
    ...(priority === undefined ? {} : { priority: PRIORITY_CODES[priority] }),
    ...(failureStrategy === undefined ? {} : { failureStrategy: FAILURE_STRATEGY_CODES[failureStrategy] }),
    ...(dryRun === undefined ? {} : { dryRun }),
  };
}

/** Why it cannot go on. Undefined: it can. */
function objection(order: Again, state: WorkflowState): OperatorAnswer | undefined {
  const { workflowInstanceId: id } = order;
  if (!isWorkflowFinished(state))
    return refused(
      `workflow instance ${id} is still in state ${state}`,
      "CONFLICT",
      "wait for its end, or stop it",
    );
  if (order.kind !== "repeat" && state === "SUCCESS")
    return refused(
      `workflow instance ${id} ended in SUCCESS: there is nothing to recover`,
      "CONFLICT",
      "repeat runs it again",
    );
  return undefined;
}

/** What the command says; the claim puts it together with what the instance was started with. */
async function paramOf(tx: SqlExecutor, order: Again, workflow: WorkflowRow): Promise<string> {
  const { definitionCode: code, definitionVersion: version } = workflow;
  const startNodes = await chooseTasks(tx, { code, version }, order.startNodes ?? []);
  const changes = changesOf(order);
  return JSON.stringify({
    commandType: COMMANDS[order.kind],
    startNodes,
    commandParams: storedParameters(order.params ?? {}),
    timeZone: "UTC",
    ...(Object.keys(changes).length === 0 ? {} : { changes }),
  });
}

/** A command for a finished workflow. Throws RefusedError for tasks that it does not have. */
export async function resumeWorkflow(
  tx: SqlExecutor,
  { requestId, nowMs }: { readonly requestId: string; readonly nowMs: number },
  order: Again,
): Promise<OperatorAnswer> {
  const { workflowInstanceId } = order;
  const workflow = (await lockWorkflows(tx, [workflowInstanceId])).get(workflowInstanceId);
  if (workflow === undefined)
    return refused(`there is no workflow instance ${workflowInstanceId}`, "NOT_FOUND");
  const no = objection(order, workflow.state);
  if (no !== undefined) return no;
  const depend = order.taskDependType;
  const added = await insertCommand(tx, {
    type: COMMANDS[order.kind],
    workflowInstanceId,
    definitionCode: workflow.definitionCode,
    definitionVersion: workflow.definitionVersion,
    param: await paramOf(tx, order, workflow),
    taskDependType: depend === undefined ? workflow.taskDependType : TASK_DEPEND_TYPE_CODES[depend],
    priority: order.priority === undefined ? (workflow.priority ?? 2) : PRIORITY_CODES[order.priority],
    workerGroup: order.workerGroup ?? workflow.workerGroup,
    requestId,
    nowMs,
  });
  return added
    ? { accepted: true, workflowInstanceId }
    : refused(
        `workflow instance ${workflowInstanceId} has a command already`,
        "CONFLICT",
        "wait for its end",
      );
}
