export { createDatabaseView, ObservationError } from "./database.ts";
export { EFFECT_FILES } from "./effects.ts";
export type * from "./evidence.ts";
export { createHistory, type History } from "./history.ts";
export { mendZookeeperClient } from "./mend-zookeeper-client.ts";
export {
  type AttemptObservation,
  createObserver,
  type HolderObservation,
  type InstanceObservation,
  type Observer,
} from "./observer.ts";
