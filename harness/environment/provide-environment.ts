import path from "node:path";
import type { Clock } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import { type Keeper, projectRoot } from "../keeper/index.ts";
import { findContainerPlatform, startContainerServices } from "./containers/index.ts";
import { createEnvironment } from "./create-environment.ts";
import { startEmbeddedServices } from "./embedded/index.ts";
import type { Environment, RegistryKind, Tier } from "./environment.ts";

export interface ProvideOptions {
  /** `auto` takes containers when a Docker daemon answers that has the images or can pull them, else embedded. */
  readonly env: Tier | "auto";
  /** Undefined: zookeeper on containers, jdbc on embedded. */
  readonly registry: RegistryKind | undefined;
  readonly runId: string;
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** Where the services' logs go. Created when absent. */
  readonly workDirectory: string;
  /** The product's program, for the migrations. Default: dist/node.cjs. */
  readonly nodeProgram?: string;
}

/** Starts the services of a run. Throws HarnessError with a problem `environment/…` when they cannot be had. */
export async function provideEnvironment(options: ProvideOptions): Promise<Environment> {
  const tier = options.env === "auto" ? await chooseTier(options.registry) : options.env;
  const { keeper, clock, workDirectory } = options;
  const nodeProgram = options.nodeProgram ?? path.join(projectRoot(), "dist", "node.cjs");
  const registry = options.registry ?? (tier === "containers" ? "zookeeper" : "jdbc");
  const services = { registry, keeper, clock, workDirectory, nodeProgram };
  const source =
    tier === "containers" ? await startContainerServices(services) : await startEmbeddedServices(services);
  return createEnvironment({ tier, registryKind: registry, source, clock });
}

async function chooseTier(registry: RegistryKind | undefined): Promise<Tier> {
  try {
    await findContainerPlatform(registry ?? "zookeeper");
    return "containers";
  } catch (error) {
    if (error instanceof HarnessError) return "embedded";
    throw error;
  }
}
