import type { IncomingMessage, ServerResponse } from "node:http";
import { errorMessage } from "../../base/index.ts";
import type { ApiReply, ApiRequest, HttpApi } from "../http-api.ts";
import { BODY_LIMIT_BYTES, readBody, TooLargeError } from "./read-body.ts";

const PREFIX = "/api/";

/** A request that is none. */
function mistake(status: number, code: string, message: string): ApiReply {
  return { status, body: { error: { code, message } } };
}

function headersOf(request: IncomingMessage): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const],
    ),
  );
}

async function readRequest(request: IncomingMessage): Promise<ApiRequest | ApiReply> {
  // Any host will do: the URL is only taken apart.
  const url = new URL(request.url ?? PREFIX, "http://node");
  let text: string;
  try {
    text = await readBody(request);
  } catch (error) {
    if (error instanceof TooLargeError)
      return mistake(413, "TOO_LARGE", `a request has at most ${BODY_LIMIT_BYTES} bytes`);
    return mistake(400, "INVALID", errorMessage(error));
  }
  try {
    return {
      method: request.method ?? "GET",
      path: url.pathname.slice(PREFIX.length).split("/").filter(Boolean).map(decodeURIComponent),
      query: new Map(url.searchParams),
      headers: headersOf(request),
      body: text.trim() === "" ? undefined : (JSON.parse(text) as unknown),
    };
  } catch (error) {
    const what = error instanceof URIError ? "the path" : "the body, which must be JSON,";
    return mistake(400, "INVALID", `${what} cannot be read: ${errorMessage(error)}`);
  }
}

/** Reads the request, has it answered, and sends the answer. */
export async function answerApi(
  request: IncomingMessage,
  response: ServerResponse,
  { api, closing }: { readonly api: HttpApi; readonly closing: boolean },
): Promise<void> {
  const reply = await readRequest(request)
    .then((read) => ("status" in read ? read : api(read)))
    .catch((error: unknown) => mistake(500, "BUG", errorMessage(error)));
  if (response.destroyed) return;
  const text = `${JSON.stringify(reply.body, null, 2)}\n`;
  response.writeHead(reply.status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    ...reply.headers,
    ...(closing ? { connection: "close" } : {}),
  });
  response.end(text);
}
