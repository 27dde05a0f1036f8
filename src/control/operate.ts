import type { Clock } from "../base/index.ts";
import {
  type CommandType,
  type Events,
  FAILURE_STRATEGY_CODES,
  isWorkflowFinished,
  type OperatorAnswer,
  type OperatorRequest,
  PRIORITY_CODES,
  TASK_DEPEND_TYPE_CODES,
  type WorkflowState,
} from "../model/index.ts";
import {
  closeRequest,
  type Database,
  endInSerialWait,
  forgetRequest,
  insertCommand,
  insertInstance,
  insertIntent,
  lockCommandOf,
  lockWorkflows,
  notifyWorkflow,
  openRequest,
  type SqlExecutor,
  type WorkflowRow,
} from "../store/index.ts";

export interface ControlPorts {
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
}

type Order = Exclude<OperatorRequest["request"], { kind: "start" }>;
type Start = Extract<OperatorRequest["request"], { kind: "start" }>;

const refused = (reason: string): OperatorAnswer => ({ accepted: false, reason });

const CAN_STOP: ReadonlySet<WorkflowState> = new Set([
  "SUBMITTED_SUCCESS",
  "RUNNING_EXECUTION",
  "READY_PAUSE",
  "READY_STOP",
  "SERIAL_WAIT",
  "WAIT_TO_RUN",
  "FAILOVER",
]);
const CAN_PAUSE: ReadonlySet<WorkflowState> = new Set([
  "RUNNING_EXECUTION",
  "READY_PAUSE",
  "SERIAL_WAIT",
  "FAILOVER",
]);
const WAITING: ReadonlySet<WorkflowState> = new Set(["SUBMITTED_SUCCESS", "SERIAL_WAIT", "WAIT_TO_RUN"]);

const COMMANDS = {
  repeat: "REPEAT_RUNNING",
  recoverFailed: "START_FAILURE_TASK_PROCESS",
  recoverSuspended: "RECOVER_SUSPENDED_PROCESS",
} as const satisfies Record<string, CommandType>;

/** Nobody has it, so the order is carried out here. Pausing takes a state that may be paused. */
function endsHere(workflow: WorkflowRow, kind: "STOP" | "PAUSE"): boolean {
  if (workflow.state === "SERIAL_WAIT") return true;
  return kind === "STOP" && WAITING.has(workflow.state) && workflow.ownerIncarnation === null;
}

async function orderStopOrPause(
  tx: SqlExecutor,
  ports: ControlPorts,
  requestId: string,
  order: Order,
): Promise<OperatorAnswer> {
  const { workflowInstanceId } = order;
  const kind = order.kind === "stop" ? "STOP" : "PAUSE";
  await lockCommandOf(tx, workflowInstanceId);
  const workflow = (await lockWorkflows(tx, [workflowInstanceId])).get(workflowInstanceId);
  if (workflow === undefined) return refused(`there is no workflow instance ${workflowInstanceId}`);
  const admissible = kind === "STOP" ? CAN_STOP : CAN_PAUSE;
  if (!admissible.has(workflow.state))
    return refused(
      `a workflow in state ${workflow.state} cannot be ${kind === "STOP" ? "stopped" : "paused"}`,
    );
  const nowMs = ports.clock.now();
  await insertIntent(tx, { workflowInstanceId, kind, requestId, nowMs });
  if (endsHere(workflow, kind)) {
    await endInSerialWait(tx, { workflowInstanceId, state: kind, nowMs });
    return { accepted: true, workflowInstanceId };
  }
  await notifyWorkflow(tx, workflowInstanceId);
  return { accepted: true, workflowInstanceId };
}

async function orderAgain(
  tx: SqlExecutor,
  ports: ControlPorts,
  requestId: string,
  order: Order,
): Promise<OperatorAnswer> {
  if (order.kind === "stop" || order.kind === "pause") return orderStopOrPause(tx, ports, requestId, order);
  const { workflowInstanceId } = order;
  const workflow = (await lockWorkflows(tx, [workflowInstanceId])).get(workflowInstanceId);
  if (workflow === undefined) return refused(`there is no workflow instance ${workflowInstanceId}`);
  if (!isWorkflowFinished(workflow.state))
    return refused(`workflow instance ${workflowInstanceId} is still in state ${workflow.state}`);
  const added = await insertCommand(tx, {
    type: COMMANDS[order.kind],
    workflowInstanceId,
    definitionCode: workflow.definitionCode,
    definitionVersion: workflow.definitionVersion,
    param: workflow.commandParam,
    taskDependType: workflow.taskDependType,
    priority: workflow.priority ?? PRIORITY_CODES.MEDIUM,
    workerGroup: workflow.workerGroup,
    requestId,
    nowMs: ports.clock.now(),
  });
  return added
    ? { accepted: true, workflowInstanceId }
    : refused(`workflow instance ${workflowInstanceId} has a command already`);
}

async function start(
  tx: SqlExecutor,
  ports: ControlPorts,
  requestId: string,
  request: Start,
): Promise<OperatorAnswer> {
  const nowMs = ports.clock.now();
  const priority = PRIORITY_CODES[request.priority ?? "MEDIUM"];
  const workerGroup = request.workerGroup ?? null;
  const instance = await insertInstance(tx, {
    definitionCode: request.workflowDefinitionCode,
    definitionVersion: null,
    priority,
    workerGroup,
    failureStrategy: FAILURE_STRATEGY_CODES[request.failureStrategy ?? "CONTINUE"],
    dryRun: request.dryRun ?? false,
    nowMs,
  });
  if (instance === undefined)
    return refused(`there is no workflow definition ${request.workflowDefinitionCode}`);
  const commandParams = Object.entries(request.params ?? {}).map(([prop, value]) => ({
    prop,
    value,
    direct: "IN",
    type: "VARCHAR",
  }));
  await insertCommand(tx, {
    type: "START_PROCESS",
    workflowInstanceId: instance.id,
    definitionCode: request.workflowDefinitionCode,
    definitionVersion: instance.definitionVersion,
    param: JSON.stringify({
      commandType: "START_PROCESS",
      startNodes: request.startNodes ?? [],
      commandParams,
      timeZone: "UTC",
    }),
    taskDependType: TASK_DEPEND_TYPE_CODES[request.taskDependType ?? "TASK_POST"],
    priority,
    workerGroup,
    requestId,
    nowMs,
  });
  return { accepted: true, workflowInstanceId: instance.id };
}

/**
 * Carries an operator's request out, on any master: what is accepted is stored, so it does not matter who dies then.
 * The same request twice is answered alike and done once. Throws StoreError: not answered, ask again.
 */
export async function operate(
  ports: ControlPorts,
  { requestId, request }: OperatorRequest,
): Promise<OperatorAnswer> {
  const answer = await ports.database.transaction(async (tx): Promise<OperatorAnswer> => {
    const known = await openRequest(tx, requestId, ports.clock.now());
    if (known !== "new") return { accepted: true, workflowInstanceId: known };
    const given = await (request.kind === "start"
      ? start(tx, ports, requestId, request)
      : orderAgain(tx, ports, requestId, request));
    if (given.accepted) await closeRequest(tx, requestId, given.workflowInstanceId);
    else await forgetRequest(tx, requestId);
    return given;
  });
  const subject = { request: request.kind, requestId };
  if (answer.accepted) {
    ports.events.emit({
      type: "operator.accepted",
      ...subject,
      workflowInstanceId: answer.workflowInstanceId,
    });
  } else {
    const about = "workflowInstanceId" in request ? { workflowInstanceId: request.workflowInstanceId } : {};
    ports.events.emit({ type: "operator.refused", ...subject, ...about, reason: answer.reason });
  }
  return answer;
}
