import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, errorCode, errorMessage } from "../../base/index.ts";
import type { HttpApi } from "../http-api.ts";
import { BadRequestError, type RpcHandlers, type RpcServer } from "../rpc.ts";
import { answerApi } from "./answer-api.ts";
import { BODY_LIMIT_BYTES, readBody, TooLargeError } from "./read-body.ts";

/** What an RPC server needs. */
export interface HttpRpcServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly handlers: RpcHandlers;
  /** What `GET <path>` answers beside that, e.g. `/health`. A page that throws answers 500 with the message. */
  readonly pages?: Readonly<Record<string, () => Promise<HttpPage>>>;
  readonly clock: Clock;
  /** Answers everything below /api/: the interface for people and their programs. Absent: there is none. */
  readonly api?: HttpApi;
}

/** A page for people and machines that watch a node. */
interface HttpPage {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** A caller that sends half a request is cut off after so long. */
const REQUEST_WITHIN_MS = 10_000;
/** Idle connections are told to callers and kept so long; callers stop using them a second earlier. */
const KEEP_ALIVE_MS = 30_000;
/** Between two looks for connections that became idle while the server closes. */
const IDLE_EVERY_MS = 10;

/**
 * Serves `POST /rpc/<name>` with JSON both ways, and `GET` of pages. A handler that throws answers 500 and says why.
 * Throws when the address cannot be listened on.
 */
export async function createHttpRpcServer(options: HttpRpcServerOptions): Promise<RpcServer> {
  const { listen, handlers, pages = {}, clock } = options;
  const state = { closing: false };
  const server = createServer((request, response) => {
    if (options.api !== undefined && request.url?.startsWith("/api/") === true)
      return void answerApi(request, response, { api: options.api, ...state });
    void answer(request, handlers, pages).then((reply) => send(response, { ...reply, ...state }));
  });
  server.requestTimeout = REQUEST_WITHIN_MS;
  server.headersTimeout = REQUEST_WITHIN_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await startListening(server, listen);
  let closed: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close(graceMs) {
      state.closing = true;
      closed ??= closeServer(server, clock, graceMs);
      return closed;
    },
  };
}

function startListening(server: Server, listen: HttpRpcServerOptions["listen"]): Promise<void> {
  const { host, port } = listen;
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const why = errorCode(cause) === "EADDRINUSE" ? "another process listens there" : errorMessage(cause);
      reject(
        new Error(
          `cannot listen on ${host}:${port}: ${why}; choose another "listen", port 0 takes a free one`,
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}

function closeServer(server: Server, clock: Clock, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = clock.setTimer(graceMs, () => server.closeAllConnections());
    const idle = clock.setPeriodic(IDLE_EVERY_MS, () => server.closeIdleConnections());
    server.close(() => {
      cut.cancel();
      idle.cancel();
      resolve();
    });
    server.closeIdleConnections();
    if (graceMs <= 0) server.closeAllConnections();
  });
}

type Reply = { readonly status: number; readonly body: unknown } | HttpPage;

function send(response: ServerResponse, reply: Reply & { readonly closing: boolean }): void {
  if (response.destroyed) return;
  const text = "text" in reply ? reply.text : JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    "content-type": "text" in reply ? reply.contentType : "application/json",
    "content-length": Buffer.byteLength(text),
    ...(reply.closing ? { connection: "close" } : {}),
  });
  response.end(text);
}

async function answer(
  request: IncomingMessage,
  handlers: RpcHandlers,
  pages: NonNullable<HttpRpcServerOptions["pages"]>,
): Promise<Reply> {
  const path = request.url ?? "";
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (request.method === "GET" && page !== undefined) {
    return page().catch((error: unknown) => ({ status: 500, body: { error: errorMessage(error) } }));
  }
  if (request.method === "GET" && path === "/health") return { status: 200, body: { status: "UP" } };
  const name = path.startsWith("/rpc/") ? path.slice("/rpc/".length) : "";
  const handler = Object.hasOwn(handlers, name) ? handlers[name as keyof RpcHandlers] : undefined;
  if (request.method !== "POST" || handler === undefined) {
    return { status: 404, body: { error: `this node has no call ${request.method} ${path}` } };
  }
  let body: unknown;
  try {
    body = JSON.parse(await readBody(request));
  } catch (error) {
    if (!(error instanceof TooLargeError)) return { status: 400, body: { error: errorMessage(error) } };
    return { status: 413, body: { error: `the request is larger than ${BODY_LIMIT_BYTES} bytes` } };
  }
  try {
    // Requests come from nodes of the same version: their form is not checked again.
    return { status: 200, body: await (handler as (request: unknown) => Promise<unknown>)(body) };
  } catch (error) {
    return { status: error instanceof BadRequestError ? 400 : 500, body: { error: errorMessage(error) } };
  }
}
