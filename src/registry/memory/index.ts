export { MemoryRegistry, type MemoryRegistryOptions } from "./memory-registry.ts";
export { MemoryRegistryServer } from "./memory-server.ts";
