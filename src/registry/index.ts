export {
  type Lock,
  type Registry,
  type RegistryEntry,
  type RegistryErrorCode,
  type RegistryEvent,
  type RegistrySession,
  type SessionState,
  type Watch,
  type Watcher,
} from "./registry.ts";
