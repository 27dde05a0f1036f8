export {
  type Lock,
  type Registry,
  type RegistryEntry,
  RegistryError,
  type RegistryErrorCode,
  type RegistryEvent,
  type RegistrySession,
  type SessionState,
  type Watch,
  type Watcher,
} from "./registry.ts";
