import { errorMessage, type Random } from "../base/index.ts";
import type { OperatorRequest, RefusalCode } from "../model/index.ts";
import type { ApiReply, ApiRequest, HttpApi } from "../rpc/index.ts";
import { StoreError } from "../store/index.ts";
import { isInstanceOrder, readBackfill, readId, readInstanceOrder, readStart } from "./api-requests.ts";
import { listCommands, listErrorCommands, listInstances, listWorkflows, showInstance } from "./api-views.ts";
import { type ControlPorts, operate } from "./operate.ts";
import { RefusedError } from "./refusal.ts";

/** What the API needs; undefined ports: this master has not joined, or has left. */
export interface ApiOptions {
  readonly ports: () => ControlPorts | undefined;
  readonly random: Random;
}

/** The interface, in its own words: `GET /api/v1`. */
const ROUTES = [
  "GET /api/v1/workflows[?name=NAME]",
  "POST /api/v1/workflows/{name or code}/start",
  "POST /api/v1/workflows/{name or code}/backfill",
  "GET /api/v1/instances[?workflow=NAME&state=STATE&before=ID&limit=N]",
  "GET /api/v1/instances/{id}",
  "POST /api/v1/instances/{id}/stop",
  "POST /api/v1/instances/{id}/pause",
  "POST /api/v1/instances/{id}/repeat",
  "POST /api/v1/instances/{id}/recover-failed",
  "POST /api/v1/instances/{id}/recover-suspended",
  "GET /api/v1/commands",
  "GET /api/v1/error-commands",
];

const STATUS: Readonly<Record<RefusalCode, number>> = {
  INVALID: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  REUSED: 409,
};

interface Mistake {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly fix?: string | undefined;
}

function failed({ status, code, message, fix }: Mistake, headers: Record<string, string> = {}): ApiReply {
  const error = { code, message, ...(fix === undefined ? {} : { fix }) };
  return { status, body: { error }, headers };
}

function unavailable(message: string): ApiReply {
  const fix = "send it again, with the same Idempotency-Key, to this master or to another one";
  return failed({ status: 503, code: "UNAVAILABLE", message, fix }, { "retry-after": "1" });
}

/** 202: stored, so it will be done whoever dies. Looking at the instance tells what became of it. */
async function carryOut(ports: ControlPorts, asked: OperatorRequest): Promise<ApiReply> {
  const answer = await operate(ports, asked);
  const { requestId } = asked;
  const headers = { "idempotency-key": requestId };
  if (!answer.accepted) {
    const { code, reason: message, fix } = answer;
    return failed({ status: STATUS[code], code, message, fix }, headers);
  }
  const { workflowInstanceId } = answer;
  const body = { accepted: true, requestId, workflowInstanceId };
  return {
    status: 202,
    body,
    headers: { ...headers, location: `/api/v1/instances/${workflowInstanceId}` },
  };
}

async function get(
  ports: ControlPorts,
  path: readonly string[],
  query: ApiRequest["query"],
): Promise<unknown> {
  const [what, id] = path;
  const { database } = ports;
  if (path.length === 0) return { routes: ROUTES };
  if (path.length === 2 && what === "instances") return showInstance(database, readId(id ?? ""));
  if (path.length !== 1) return undefined;
  if (what === "workflows") return listWorkflows(database, query);
  if (what === "instances") return listInstances(database, query);
  if (what === "commands") return listCommands(database, query);
  return what === "error-commands" ? listErrorCommands(database, query) : undefined;
}

/** What is asked for. Undefined: there is no such route. Throws RefusedError. */
function requestOf(path: readonly string[], body: unknown): OperatorRequest["request"] | undefined {
  const [what, subject = "", verb = ""] = path;
  if (path.length !== 3) return undefined;
  if (what === "workflows" && verb === "start") return readStart(subject, body);
  if (what === "workflows" && verb === "backfill") return readBackfill(subject, body);
  if (what === "instances" && isInstanceOrder(verb)) return readInstanceOrder(verb, readId(subject), body);
  return undefined;
}

async function route(ports: ControlPorts, asked: ApiRequest, newId: () => string): Promise<ApiReply> {
  const [version, ...path] = asked.path;
  const nowhere: Mistake = {
    status: 404,
    code: "NO_ROUTE",
    message: `there is no ${asked.method} /api/${asked.path.join("/")}`,
    fix: `there are: ${ROUTES.join("; ")}`,
  };
  if (version !== "v1") return failed(nowhere);
  if (asked.method === "GET") {
    const body = await get(ports, path, asked.query);
    return body === undefined ? failed(nowhere) : { status: 200, body };
  }
  if (asked.method !== "POST") {
    const mistake = { ...nowhere, status: 405, code: "NO_METHOD" };
    return failed(mistake, { allow: "GET, POST" });
  }
  const request = requestOf(path, asked.body);
  if (request === undefined) return failed(nowhere);
  return carryOut(ports, { requestId: asked.headers.get("idempotency-key") ?? newId(), request });
}

/**
 * The HTTP API for operators, on every master: whichever is asked stores the order, and whoever owns the workflow
 * carries it out. docs/control.md describes it.
 */
export function createControlApi({ ports, random }: ApiOptions): HttpApi {
  return async (asked) => {
    const open = ports();
    if (open === undefined) return unavailable("this master is not at work: it is starting, or was fenced");
    try {
      return await route(open, asked, () => random.uuid());
    } catch (error) {
      if (error instanceof RefusedError) {
        const { code, message, fix } = error;
        return failed({ status: STATUS[code], code, message, fix });
      }
      if (error instanceof StoreError && error.code !== "CONSTRAINT")
        return unavailable(`the database does not answer: ${error.message}`);
      return failed({ status: 500, code: "BUG", message: errorMessage(error) });
    }
  };
}
