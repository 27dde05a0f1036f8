export { createHttpRpcClient, type HttpRpcClientOptions } from "./http-rpc-client.ts";
export { createHttpRpcServer, type HttpRpcServerOptions } from "./http-rpc-server.ts";
