import type { RpcCalls, RpcName } from "./messages.ts";

/**
 * Why a call has no answer. REFUSED: it certainly did not reach the other side (nobody listens there, or the address is
 * unknown). UNKNOWN: it may have been carried out. REJECTED: the other side answered with an error.
 */
export type RpcErrorCode = "REFUSED" | "UNKNOWN" | "REJECTED";

export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: RpcErrorCode;

  constructor(code: RpcErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A request that cannot be understood, whoever receives it: the message says what is wrong with it. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}

/** Calls other nodes. */
export interface RpcClient {
  /** Throws RpcError. `withinMs` covers everything from connecting to the last byte of the answer. */
  call<N extends RpcName>(
    address: string,
    name: N,
    request: RpcCalls[N]["request"],
    options: { readonly withinMs: number },
  ): Promise<RpcCalls[N]["answer"]>;
  close(): Promise<void>;
}

/** What a node answers; calls without a handler are rejected. A handler that throws rejects the call. */
export type RpcHandlers = {
  readonly [N in RpcName]?: (request: RpcCalls[N]["request"]) => Promise<RpcCalls[N]["answer"]>;
};

export interface RpcServer {
  /** The port it listens on really. */
  readonly port: number;
  /** Stops listening, lets open calls finish for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}
