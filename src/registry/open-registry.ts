import { assertNever, type Clock, type Random } from "../base/index.ts";
import type { RegistryConfig } from "../config/index.ts";
import { JdbcRegistry } from "./jdbc/jdbc-registry.ts";
import type { Registry } from "./registry.ts";
import { ZkRegistry } from "./zookeeper/zk-registry.ts";

export { migrateJdbcRegistry } from "./jdbc/migrate-jdbc-registry.ts";

/** The registry that the configuration names. For composition roots only; everybody else gets a `Registry`. */
export function createRegistry(
  config: RegistryConfig,
  ports: { readonly clock: Clock; readonly random: Random },
): Registry {
  switch (config.kind) {
    case "jdbc":
      return new JdbcRegistry({ url: config.url, root: config.root, ...ports });
    case "zookeeper":
      return new ZkRegistry({ servers: config.servers, root: config.root, ...ports });
    default:
      return assertNever(config, "kind of registry");
  }
}
