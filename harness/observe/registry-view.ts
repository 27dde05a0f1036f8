import type { Clock } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import type { RegistryRecord } from "./evidence.ts";
import { createJdbcView } from "./jdbc-view.ts";
import { nameHolders } from "./name-holders.ts";
import { createZookeeperView } from "./zookeeper-view.ts";

/** The judge's own view of a registry, with its own client: reads only, every answer within a limit. */
export interface RegistryView {
  /**
   * Everything below the case's root, locks translated, by path; a lock's value is its holder, "address@incarnation"
   * when it is a registered node. Throws ObservationError.
   */
  tree(): Promise<readonly RegistryRecord[]>;
  /** Never hangs, never throws. Idempotent. */
  close(): Promise<void>;
}

export interface RegistryViewOptions {
  readonly clock: Clock;
  /** Limit of one answer, the connection included. Default 2000 ms. */
  readonly deadlineMs?: number;
}

/** Opens nothing yet: the first look connects. */
export function createRegistryView(config: RegistryConfig, options: RegistryViewOptions): RegistryView {
  const view =
    config.kind === "zookeeper" ? createZookeeperView(config, options) : createJdbcView(config, options);
  return { tree: async () => nameHolders(await view.tree()), close: () => view.close() };
}
