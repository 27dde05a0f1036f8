export type { NodeConfig, RegistryConfig, TimingConfig } from "./node-config.ts";
