import type { RegistryConfig } from "../../src/config/index.ts";
import { createJdbcView } from "./jdbc-view.ts";
import { nameHolders } from "./name-holders.ts";
import type { RegistryView, RegistryViewOptions } from "./registry-view.ts";
import { createZookeeperView } from "./zookeeper-view.ts";

/** Opens nothing yet: the first look connects. */
export function createRegistryView(config: RegistryConfig, options: RegistryViewOptions): RegistryView {
  const view =
    config.kind === "zookeeper" ? createZookeeperView(config, options) : createJdbcView(config, options);
  return { tree: async () => nameHolders(await view.tree()), close: () => view.close() };
}
