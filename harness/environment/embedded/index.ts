export { startEmbeddedServices } from "./embedded-services.ts";
export { findZooKeeper } from "./find-zookeeper.ts";
