export { createHttpRpcClient } from "./http-rpc-client.ts";
export { createHttpRpcServer } from "./http-rpc-server.ts";
