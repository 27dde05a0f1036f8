import { afterAll, beforeAll } from "@jest/globals";
import { required } from "../../base/index.ts";
import { brokenConnections } from "../contract/broken-connections.contract.ts";
import type { GatedWorld } from "../contract/gated-world.ts";
import { describeInWorlds, describeRegistryContract } from "../registry.contract.ts";
import { migrateJdbcRegistry } from "./migrate-jdbc-registry.ts";
import { checksByTables } from "./tables.contract.ts";
import { createJdbcWorld, createTestDatabase, type TestDatabase } from "./test-database.ts";

const serverUrl = required(process.env["FAILOVER_TEST_POSTGRES_URL"], "FAILOVER_TEST_POSTGRES_URL");

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(serverUrl);
  // Several nodes may migrate at once, and again.
  await Promise.all([1, 2, 3].map(() => migrateJdbcRegistry(database.url)));
  await migrateJdbcRegistry(database.url);
});

afterAll(() => database.drop());

const createWorld = (): Promise<GatedWorld> => createJdbcWorld(database.url);

describeRegistryContract("jdbc", createWorld);

describeInWorlds("jdbc registry, broken connections", createWorld, brokenConnections);

describeInWorlds(
  "jdbc registry, by its tables",
  createWorld,
  checksByTables(() => database),
);
