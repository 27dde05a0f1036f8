export type { AlertConfig, NodeConfig, RegistryConfig, TimingConfig } from "./node-config.ts";
