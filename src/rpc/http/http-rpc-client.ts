import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { type Clock, errorMessage } from "../../base/index.ts";
import type { RpcCalls, RpcName } from "../messages.ts";
import { type RpcClient, RpcError } from "../rpc.ts";
import { readBody } from "./read-body.ts";

/** What an RPC client needs. */
export interface HttpRpcClientOptions {
  /** Where addresses are reached. Complete when present: an address that is not in it is refused. */
  readonly dial?: Readonly<Record<string, string>> | undefined;
  readonly clock: Clock;
}

/** Idle connections to one address that are kept for the next call. */
const IDLE_CONNECTIONS = 4;

/** Calls other nodes over HTTP. */
export function createHttpRpcClient(options: HttpRpcClientOptions): RpcClient {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS });
  const open = new Set<ClientRequest>();
  const state = { closed: false };
  return {
    async call<N extends RpcName>(
      address: string,
      name: N,
      request: RpcCalls[N]["request"],
      { withinMs }: { readonly withinMs: number },
    ): Promise<RpcCalls[N]["answer"]> {
      if (state.closed) throw new RpcError("REFUSED", "this RPC client is closed");
      const at = resolve(address, options.dial);
      const body = JSON.stringify(request);
      const outgoing = httpRequest({
        agent,
        ...at,
        method: "POST",
        path: `/rpc/${name}`,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      });
      open.add(outgoing);
      try {
        const answer = await exchange(outgoing, { body, withinMs, clock: options.clock });
        return answer as RpcCalls[N]["answer"];
      } catch (error) {
        throw describeFailure(error, `${name} to ${address}`);
      } finally {
        open.delete(outgoing);
      }
    },
    close() {
      state.closed = true;
      for (const outgoing of open) outgoing.destroy(new Error("this RPC client is closed"));
      agent.destroy();
      return Promise.resolve();
    },
  };
}

function resolve(address: string, dial: HttpRpcClientOptions["dial"]): { host: string; port: number } {
  if (dial !== undefined && !Object.hasOwn(dial, address)) {
    throw new RpcError("REFUSED", `${address} is not in this node's "dial" table`);
  }
  const target = dial?.[address] ?? address;
  const colon = target.lastIndexOf(":");
  const port = Number(target.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RpcError("REFUSED", `${target} is not an address of the form host:port`);
  }
  return { host: target.slice(0, colon), port };
}

interface Exchange {
  readonly body: string;
  readonly withinMs: number;
  readonly clock: Clock;
}

/**
 * Sends the request and reads the whole answer. Before there is a connection nothing can have left this process, so a
 * failure until then is a certain one; from then on nobody knows what the other side has done.
 */
async function exchange(outgoing: ClientRequest, { body, withinMs, clock }: Exchange): Promise<unknown> {
  const sent = { connected: false };
  const deadline = clock.setTimer(withinMs, () => {
    outgoing.destroy(new Error(`no answer in ${withinMs} ms`));
  });
  try {
    const response = await firstResponse(outgoing, body, sent);
    const text = await readBody(response);
    if (response.statusCode === 200) return JSON.parse(text);
    throw new RpcError("REJECTED", errorOf(text) ?? `HTTP status ${response.statusCode}`);
  } catch (error) {
    if (error instanceof RpcError) throw error;
    throw new RpcError(sent.connected ? "UNKNOWN" : "REFUSED", errorMessage(error), { cause: error });
  } finally {
    deadline.cancel();
  }
}

function firstResponse(
  outgoing: ClientRequest,
  body: string,
  sent: { connected: boolean },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("socket", (socket) => {
      // A kept-alive socket is connected: the request is on its way at once.
      if (!socket.connecting) sent.connected = true;
      else socket.once("connect", () => (sent.connected = true));
    });
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function errorOf(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || !("error" in parsed)) return undefined;
    return String(parsed.error);
  } catch {
    return undefined;
  }
}

function describeFailure(error: unknown, call: string): RpcError {
  if (!(error instanceof RpcError)) return new RpcError("UNKNOWN", `${call}: ${errorMessage(error)}`);
  const cause = error.cause === undefined ? undefined : { cause: error.cause };
  return new RpcError(error.code, `${call}: ${error.message}`, cause);
}
