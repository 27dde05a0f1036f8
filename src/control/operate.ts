import { createHash } from "node:crypto";
import type { Clock } from "../base/index.ts";
import {
  type Events,
  type OperatorAnswer,
  type OperatorRequest,
  type WorkflowState,
} from "../model/index.ts";
import {
  closeIntents,
  closeRequest,
  type Database,
  endInSerialWait,
  insertIntent,
  lockCommandOf,
  lockWorkflows,
  notifyWorkflow,
  openRequest,
  refuseRequest,
  type SqlExecutor,
  selectOpenIntents,
  type WorkflowRow,
} from "../store/index.ts";
import { RefusedError, refused } from "./refusal.ts";
import { resumeWorkflow } from "./resume-workflow.ts";
import { startWorkflow } from "./start-workflow.ts";

export interface ControlPorts {
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
}

type Order = Extract<OperatorRequest["request"], { kind: "stop" | "pause" }>;

const CAN_STOP: ReadonlySet<WorkflowState> = new Set([
  "SUBMITTED_SUCCESS",
  "RUNNING_EXECUTION",
  "READY_PAUSE",
  "READY_STOP",
  "SERIAL_WAIT",
  "WAIT_TO_RUN",
  "FAILOVER",
]);
/** One that waits for its start is paused by the claim, before its first task. */
const CAN_PAUSE: ReadonlySet<WorkflowState> = new Set([
  "SUBMITTED_SUCCESS",
  "RUNNING_EXECUTION",
  "READY_PAUSE",
  "SERIAL_WAIT",
  "FAILOVER",
]);
const WAITING: ReadonlySet<WorkflowState> = new Set(["SUBMITTED_SUCCESS", "SERIAL_WAIT", "WAIT_TO_RUN"]);

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
  if (workflow === undefined)
    return refused(`there is no workflow instance ${workflowInstanceId}`, "NOT_FOUND");
  const admissible = kind === "STOP" ? CAN_STOP : CAN_PAUSE;
  if (!admissible.has(workflow.state))
    return refused(
      `a workflow in state ${workflow.state} cannot be ${kind === "STOP" ? "stopped" : "paused"}`,
    );
  const nowMs = ports.clock.now();
  if (endsHere(workflow, kind)) {
    const epoch = await endInSerialWait(tx, { workflowInstanceId, state: kind, nowMs });
    // Carried out by this very transaction: it is told of as applied, not as moot.
    await insertIntent(tx, { workflowInstanceId, kind, requestId, nowMs });
    const done = (await selectOpenIntents(tx, [workflowInstanceId])).map((intent) => intent.id);
    await closeIntents(tx, done, { outcome: "APPLIED", epoch, nowMs });
    return { accepted: true, workflowInstanceId };
  }
  await insertIntent(tx, { workflowInstanceId, kind, requestId, nowMs });
  await notifyWorkflow(tx, workflowInstanceId);
  return { accepted: true, workflowInstanceId };
}

/** Names what is asked, whatever the order in which it is written. */
function hashOf(request: OperatorRequest["request"]): string {
  const sorted = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
  };
  return createHash("sha256")
    .update(JSON.stringify(sorted(request)))
    .digest("hex");
}

function carryOut(
  tx: SqlExecutor,
  ports: ControlPorts,
  { requestId, request }: OperatorRequest,
): Promise<OperatorAnswer> {
  const nowMs = ports.clock.now();
  switch (request.kind) {
    case "start":
    case "backfill":
      return startWorkflow(tx, { requestId, nowMs }, request);
    case "repeat":
    case "recoverFailed":
    case "recoverSuspended":
      return resumeWorkflow(tx, { requestId, nowMs }, request);
    case "stop":
    case "pause":
      return orderStopOrPause(tx, ports, requestId, request);
    default:
      return Promise.resolve(refused("there is no such request", "INVALID"));
  }
}

const LONGEST_REQUEST_ID = 64;

async function answerOnce(
  tx: SqlExecutor,
  ports: ControlPorts,
  asked: OperatorRequest,
): Promise<OperatorAnswer> {
  const { requestId, request } = asked;
  const known = await openRequest(tx, requestId, ports.clock.now(), hashOf(request));
  if (known.kind === "other")
    return refused(
      `the request id ${requestId} belongs to another request`,
      "REUSED",
      "take a new id for a new request; the old one only for a repetition",
    );
  if (known.kind === "accepted") return { accepted: true, workflowInstanceId: known.workflowInstanceId };
  if (known.kind === "refused") return JSON.parse(known.refusal) as OperatorAnswer;
  // It is thrown before anything is written, so the transaction may go on.
  const given = await carryOut(tx, ports, asked).catch((error: unknown) => {
    if (error instanceof RefusedError) return refused(error.message, error.code, error.fix);
    throw error;
  });
  if (given.accepted) await closeRequest(tx, requestId, given.workflowInstanceId);
  else await refuseRequest(tx, requestId, JSON.stringify(given));
  return given;
}

/**
 * Carries an operator's request out, on any master: what is accepted is stored, so it does not matter who dies then.
 * The same request twice is answered alike and done once. Throws StoreError: not answered, ask again.
 */
export async function operate(ports: ControlPorts, asked: OperatorRequest): Promise<OperatorAnswer> {
  const { requestId, request } = asked;
  const answer =
    requestId === "" || requestId.length > LONGEST_REQUEST_ID
      ? refused(`a request id has 1 to ${LONGEST_REQUEST_ID} characters, not ${requestId.length}`, "INVALID")
      : await ports.database.transaction((tx) => answerOnce(tx, ports, asked));
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
