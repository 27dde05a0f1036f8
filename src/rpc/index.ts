export type * from "./http-api.ts";
export type * from "./messages.ts";
export {
  BadRequestError,
  type RpcClient,
  RpcError,
  type RpcErrorCode,
  type RpcHandlers,
  type RpcServer,
} from "./rpc.ts";
