export type { LogConfig, NodeConfig, OverloadConfig, RegistryConfig, TimingConfig } from "./node-config.ts";
