import { HarnessError } from "../base/index.ts";
import type { RegistryKind, Tier } from "../environment/index.ts";

export interface WantedTier {
  readonly env: Tier | "auto";
  readonly registry: RegistryKind | undefined;
}

/** Which environment FAILOVER_ENV and FAILOVER_REGISTRY ask for. Throws HarnessError for other words. */
export function readTier(environment: Readonly<Record<string, string | undefined>>): WantedTier {
  const { FAILOVER_ENV: env = "auto", FAILOVER_REGISTRY: registry } = environment;
  if (env !== "auto" && env !== "containers" && env !== "embedded") {
    throw unknown("FAILOVER_ENV", env, "auto, containers or embedded");
  }
  if (registry !== undefined && registry !== "zookeeper" && registry !== "jdbc") {
    throw unknown("FAILOVER_REGISTRY", registry, "zookeeper or jdbc");
  }
  return { env, registry };
}

function unknown(name: string, word: string, allowed: string): HarnessError {
  return new HarnessError([
    { code: "arguments/environment", what: `${name}=${word} is not known`, fix: `set it to ${allowed}` },
  ]);
}
