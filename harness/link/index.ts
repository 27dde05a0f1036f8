export { type HeldPort, holdPort } from "./held-port.ts";
export {
  createLink,
  type Endpoint,
  type Link,
  type LinkCounters,
  type LinkMode,
  type LinkOptions,
} from "./link.ts";
export {
  type LinkedNode,
  type LinkMap,
  type LinkMapOptions,
  type NodeEndpoints,
  openLinkMap,
} from "./link-map.ts";
export type { Direction } from "./wire.ts";
