import { type Clock, ReleaseStack } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import type { Keeper } from "../keeper/index.ts";
import { findContainerPlatform, startZooKeeperContainer } from "./containers/index.ts";
import { findZooKeeper, startEmbeddedServices } from "./embedded/index.ts";
import { postgresUrl } from "./postgres-client.ts";

export interface TestServices {
  /** Superuser on an embedded Postgres; the tests make databases of their own. */
  readonly postgresUrl: string;
  /** host:port; undefined when there is neither Docker nor a local ZooKeeper. */
  readonly zookeeper: string | undefined;
  /** What environments can be had here, as "tier/registry". */
  readonly tiers: readonly string[];
  close(): Promise<void>;
}

export interface TestServicesOptions {
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly workDirectory: string;
}

/** The services of the contract tests: Postgres from npm, and the best ZooKeeper that can be had here. */
export async function startTestServices(options: TestServicesOptions): Promise<TestServices> {
  const releases = new ReleaseStack();
  const withDocker = await canBeHad(() => findContainerPlatform("zookeeper"));
  const localZooKeeper = (await canBeHad(async () => findZooKeeper())) !== undefined;
  const registry = localZooKeeper && withDocker === undefined ? "zookeeper" : "jdbc";
  const embedded = await startEmbeddedServices({ ...options, nodeProgram: undefined, registry });
  releases.push("embedded services", () => embedded.close());
  let zookeeper = embedded.zookeeper;
  if (withDocker !== undefined) {
    const container = await startZooKeeperContainer(options, withDocker);
    releases.push("ZooKeeper", () => container.remove());
    zookeeper = container.address;
  }
  return {
    tiers: [
      "embedded/jdbc",
      ...(localZooKeeper ? ["embedded/zookeeper"] : []),
      ...(withDocker === undefined ? [] : ["containers/zookeeper", "containers/jdbc"]),
    ],
    postgresUrl: postgresUrl(embedded.postgres, "postgres"),
    zookeeper: zookeeper && `${zookeeper.host}:${zookeeper.port}`,
    close: () => releases.release(),
  };
}

/** The result, or undefined when the environment lacks something for it. */
async function canBeHad<T>(attempt: () => Promise<T>): Promise<T | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}
