export {
  createDatabaseView,
  type DatabaseView,
  type DatabaseViewOptions,
  ObservationError,
} from "./database.ts";
export { EFFECT_FILES, type EffectsOptions, effectDirectory, readTaskStarts } from "./effects.ts";
export type * from "./evidence.ts";
export { createHistory, type EventWait, type HarnessEvent, type History } from "./history.ts";
export {
  type AttemptObservation,
  createObserver,
  type HolderObservation,
  type InstanceObservation,
  type Observer,
  type ObserverOptions,
} from "./observer.ts";
export { createRegistryView, type RegistryView, type RegistryViewOptions } from "./registry-view.ts";
