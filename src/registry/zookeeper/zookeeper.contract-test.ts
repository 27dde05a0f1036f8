import { randomUUID } from "node:crypto";
import { describe, test } from "@jest/globals";
import { createSystemClock, createSystemRandom } from "../../base/index.ts";
import { createGatedWorld } from "../contract/gated-world.ts";
import { describeRegistryContract, type RegistryWorld } from "../registry.contract.ts";
import { ZkRegistry } from "./zk-registry.ts";

const server = process.env["FAILOVER_TEST_ZOOKEEPER"];

function createWorld(address: string): Promise<RegistryWorld> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const ports = { clock: createSystemClock(), random: createSystemRandom() };
  const root = `/contract/${randomUUID()}`;
  return createGatedWorld({
    host: hostname,
    port: Number(port),
    sessionTimeoutMs: 1000,
    noticeMs: 500,
    createRegistry: (gatePort) => new ZkRegistry({ servers: `127.0.0.1:${gatePort}`, root, ...ports }),
    cleanUp: () => removeRoot(address, root),
  });
}

async function removeRoot(address: string, root: string): Promise<void> {
  const ports = { clock: createSystemClock(), random: createSystemRandom() };
  const registry = new ZkRegistry({ servers: address, root: "/", ...ports });
  const session = await registry.open({ sessionTimeoutMs: 5000, withinMs: 5000 });
  await session.delete(root);
  await session.close();
}

if (server === undefined || server === "") {
  describe("registry contract: zookeeper", () => {
    // Not silently: the report shall say that this back end was not tested.
    // oxlint-disable-next-line jest/no-disabled-tests jest/expect-expect
    test.skip("skipped: FAILOVER_TEST_ZOOKEEPER is not set (host:port of a ZooKeeper server)", () =>
      undefined);
  });
} else {
  describeRegistryContract("zookeeper", () => createWorld(server));
}
