export { createMemoryNetwork, type MemoryNetwork } from "./memory-network.ts";
