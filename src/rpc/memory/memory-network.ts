import { type Clock, errorMessage } from "../../base/index.ts";
import type { RpcCalls, RpcName } from "../messages.ts";
import { type RpcClient, RpcError, type RpcHandlers, type RpcServer } from "../rpc.ts";

/** Nodes that call each other inside one process, as if over a network: by copies, with deadlines. */
export interface MemoryNetwork {
  /** Answers at this address from now on, until it is closed. Throws when somebody does already. */
  serve(address: string, handlers: RpcHandlers): RpcServer;
  connect(): RpcClient;
}

/** A server at its address. */
interface Station {
  readonly handlers: RpcHandlers;
  /** Calls that are being answered. */
  readonly open: Set<Promise<unknown>>;
  /** Aborts when the open calls are cut. */
  readonly cut: AbortController;
}

/** A network of its own, empty. */
export function createMemoryNetwork(options: { readonly clock: Clock }): MemoryNetwork {
  const { clock } = options;
  const stations = new Map<string, Station>();
  return {
    serve(address, handlers) {
      if (stations.has(address)) throw new Error(`somebody listens at ${address} already`);
      const station: Station = { handlers, open: new Set(), cut: new AbortController() };
      stations.set(address, station);
      return {
        port: portOf(address),
        async close(graceMs) {
          if (stations.get(address) === station) stations.delete(address);
          await Promise.race([Promise.allSettled(station.open), clock.sleep(graceMs, station.cut.signal)]);
          station.cut.abort();
        },
      };
    },
    connect: () => createClient(stations, clock),
  };
}

function portOf(address: string): number {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  return Number.isInteger(port) ? port : 0;
}

function createClient(stations: ReadonlyMap<string, Station>, clock: Clock): RpcClient {
  const closed = new AbortController();
  return {
    async call(address, name, request, { withinMs }) {
      const call = `${name} to ${address}`;
      if (closed.signal.aborted) throw new RpcError("REFUSED", `${call}: this RPC client is closed`);
      const station = stations.get(address);
      if (station === undefined) throw new RpcError("REFUSED", `${call}: nobody listens there`);
      const answering = answer(station, name, structuredClone(request));
      station.open.add(answering);
      const forget = (): boolean => station.open.delete(answering);
      answering.then(forget, forget);
      const over = new AbortController();
      try {
        return await Promise.race([
          answering,
          unanswered(clock, {
            withinMs,
            over: AbortSignal.any([over.signal, station.cut.signal, closed.signal]),
          }),
        ]);
      } catch (error) {
        if (error instanceof RpcError) throw new RpcError(error.code, `${call}: ${error.message}`);
        throw error;
      } finally {
        over.abort();
      }
    },
    close() {
      closed.abort();
      return Promise.resolve();
    },
  };
}

async function answer<N extends RpcName>(
  station: Station,
  name: N,
  request: RpcCalls[N]["request"],
): Promise<RpcCalls[N]["answer"]> {
  const handler = station.handlers[name];
  if (handler === undefined) throw new RpcError("REJECTED", `this node has no call ${name}`);
  try {
    return structuredClone(await handler(request));
  } catch (error) {
    throw new RpcError("REJECTED", errorMessage(error), { cause: error });
  }
}

async function unanswered(
  clock: Clock,
  { withinMs, over }: { readonly withinMs: number; readonly over: AbortSignal },
): Promise<never> {
  await clock.sleep(withinMs, over);
  throw new RpcError("UNKNOWN", over.aborted ? "the connection was cut" : `no answer in ${withinMs} ms`);
}
