export { MemoryRegistry } from "./memory-registry.ts";
export { MemoryRegistryServer } from "./memory-server.ts";
