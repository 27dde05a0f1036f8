export type {
  AlertConfig,
  LogConfig,
  NodeConfig,
  OverloadConfig,
  RegistryConfig,
  TimingConfig,
} from "./node-config.ts";
