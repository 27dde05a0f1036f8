import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { createSystemClock, ReleaseStack } from "../../src/base/index.ts";
import { startTestServices } from "../environment/index.ts";
import { projectRoot, startKeeper } from "../keeper/index.ts";

declare global {
  /** Hands what the set-up started to the tear-down: jest runs both in one process. */
  var failoverTestServices: ReleaseStack | undefined;
}

/**
 * Services for the contract tests, as they can be had here. Their addresses are in the environment of the tests:
 * FAILOVER_TEST_POSTGRES_URL always, FAILOVER_TEST_ZOOKEEPER (host:port) where Docker or a local ZooKeeper is there,
 * FAILOVER_TEST_TIERS ("embedded/jdbc,…"). A jest that is killed leaves nothing: the keeper removes them.
 */
async function setUpServices(): Promise<void> {
  const root = projectRoot();
  execFileSync(process.execPath, [path.join(root, "scripts", "build.cjs")], { stdio: "inherit" });
  const clock = createSystemClock();
  const releases = new ReleaseStack();
  globalThis.failoverTestServices = releases;
  const keeper = startKeeper({ runId: `contract-${randomBytes(4).toString("hex")}`, clock });
  releases.push("keeper", async () => {
    await keeper.close();
  });
  try {
    const services = await startTestServices({
      keeper,
      clock,
      workDirectory: path.join(root, ".runs", "contract"),
    });
    releases.push("services", () => services.close());
    process.env.FAILOVER_TEST_POSTGRES_URL = services.postgresUrl;
    process.env.FAILOVER_TEST_TIERS = services.tiers.join(",");
    if (services.zookeeper !== undefined) process.env.FAILOVER_TEST_ZOOKEEPER = services.zookeeper;
  } catch (error) {
    await releases.release();
    throw error;
  }
}

// jest calls the default export.
export { setUpServices as default };
