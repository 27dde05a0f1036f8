import { randomUUID } from "node:crypto";
import { beforeAll } from "@jest/globals";
import { Client } from "pg";
import { createSystemClock, createSystemRandom, required } from "../../base/index.ts";
import { createGatedWorld } from "../contract/gated-world.ts";
import { describeRegistryContract, type RegistryWorld } from "../registry.contract.ts";
import { JdbcRegistry } from "./jdbc-registry.ts";
import { migrateJdbcRegistry } from "./migrate-jdbc-registry.ts";

const serverUrl = required(process.env["FAILOVER_TEST_POSTGRES_URL"], "FAILOVER_TEST_POSTGRES_URL");

beforeAll(() => migrateJdbcRegistry(serverUrl));

function createWorld(): Promise<RegistryWorld> {
  const root = `/contract-${randomUUID()}`;
  const { hostname, port } = new URL(serverUrl);
  return createGatedWorld({
    host: hostname,
    port: Number(port),
    sessionTimeoutMs: 1000,
    noticeMs: 500,
    createRegistry: (gatePort) => {
      const url = new URL(serverUrl);
      url.hostname = "127.0.0.1";
      url.port = String(gatePort);
      const ports = { clock: createSystemClock(), random: createSystemRandom() };
      return new JdbcRegistry({ url: url.href, root, ...ports });
    },
    cleanUp: () => removeRoot(root),
  });
}

async function removeRoot(root: string): Promise<void> {
  const client = new Client(serverUrl);
  await client.connect();
  await client.query("DELETE FROM t_ds_jdbc_registry_client_heartbeat WHERE root = $1", [root]);
  await client.query("DELETE FROM t_ds_jdbc_registry_data WHERE root = $1", [root]);
  await client.end();
}

describeRegistryContract("jdbc", createWorld);
