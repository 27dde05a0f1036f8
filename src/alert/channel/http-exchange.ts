import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { errorCode, errorMessage } from "../../base/index.ts";
import { SendError, type SendLimits } from "../alert-channel.ts";

/** One request to a receiver. */
export interface HttpExchange {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer is read up to here; what a receiver says about an alert is short. */
const ANSWER_LIMIT_BYTES = 64 * 1024;
/** So much of an answer stands in a message about it. */
const SHOWN_LENGTH = 200;

/**
 * Sends the request and gives the body of the answer. Throws SendError for a status that is not 2xx and when there is
 * no answer; redirects are not followed. Its messages name host and port alone: the rest of the URL may be a secret.
 */
export async function exchangeOverHttp(exchange: HttpExchange, limits: SendLimits): Promise<string> {
  const { url, method, body } = exchange;
  const where = `${url.protocol}//${url.host}`;
  const headers = {
    "user-agent": "failover-alert-server",
    ...exchange.headers,
    ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
  };
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  const outgoing = send(url, { method, headers, agent: false, signal: limits.signal });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("response", resolve).on("error", reject);
      outgoing.end(body);
    });
    const text = await readAnswer(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return text;
    throw new SendError(`${where} answered ${status}${shown(text)}`);
  } catch (error) {
    if (error instanceof SendError) throw error;
    if (limits.signal.aborted) throw new SendError(`${where} did not answer in ${limits.withinMs} ms`);
    throw new SendError(`${where} was not reached: ${errorCode(error) ?? errorMessage(error)}`);
  } finally {
    outgoing.destroy();
  }
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > ANSWER_LIMIT_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The beginning of an answer on one line, for a message. */
export function shown(text: string): string {
  const line = text.replace(/\s+/g, " ").trim().slice(0, SHOWN_LENGTH);
  return line === "" ? "" : `: ${line}`;
}

/** Sends JSON and gives the answer as text. */
export function postJson(
  url: URL,
  value: unknown,
  headers: Readonly<Record<string, string>>,
  limits: SendLimits,
): Promise<string> {
  const body = JSON.stringify(value);
  const all = { "content-type": "application/json; charset=utf-8", ...headers };
  return exchangeOverHttp({ url, method: "POST", headers: all, body }, limits);
}
