export { findContainerPlatform } from "./container-platform.ts";
export { startContainerServices, startZooKeeperContainer } from "./container-services.ts";
