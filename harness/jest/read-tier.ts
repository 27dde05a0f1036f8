import { HarnessError } from "../base/index.ts";
import type { RegistryKind, Tier } from "../environment/index.ts";

/** Seeds are whole numbers below this. */
export const SEEDS = 2 ** 32;

export interface WantedTier {
  readonly env: Tier | "auto";
  readonly registry: RegistryKind | undefined;
}

/**
 * Which environment FAILOVER_ENV and FAILOVER_REGISTRY ask for; empty is unset. Throws HarnessError for other words.
 */
export function readTier(environment: Readonly<Record<string, string | undefined>>): WantedTier {
  const env = environment["FAILOVER_ENV"] || "auto";
  const registry = environment["FAILOVER_REGISTRY"] || undefined;
  if (env !== "auto" && env !== "containers" && env !== "embedded") {
    throw unknown("FAILOVER_ENV", env, "auto, containers or embedded");
  }
  if (registry !== undefined && registry !== "zookeeper" && registry !== "jdbc") {
    throw unknown("FAILOVER_REGISTRY", registry, "zookeeper or jdbc");
  }
  return { env, registry };
}

/** What FAILOVER_SEED says; undefined when it is unset or empty. Throws HarnessError when it is not a seed. */
export function readSeed(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = environment["FAILOVER_SEED"] || undefined;
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0 && seed < SEEDS) return seed;
  throw unknown("FAILOVER_SEED", text, `a whole number from 0 to ${SEEDS - 1}`);
}

/** What FAILOVER_JOBS says; undefined when it is unset or empty. Throws HarnessError when it is no number of cases. */
export function readJobs(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = environment["FAILOVER_JOBS"] || undefined;
  if (text === undefined) return undefined;
  const jobs = Number(text);
  if (Number.isSafeInteger(jobs) && jobs >= 1) return jobs;
  throw unknown("FAILOVER_JOBS", text, "a whole number from 1 on");
}

function unknown(name: string, word: string, allowed: string): HarnessError {
  return new HarnessError([
    { code: "arguments/environment", what: `${name}=${word} is not known`, fix: `set it to ${allowed}` },
  ]);
}
