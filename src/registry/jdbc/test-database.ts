import { randomUUID } from "node:crypto";
import { Client, type QueryResultRow } from "pg";
import { createSystemClock, createSystemRandom } from "../../base/index.ts";
import { createGatedWorld, type GatedWorld } from "../contract/gated-world.ts";
import { JdbcRegistry } from "./jdbc-registry.ts";

/** A database of its own on the server of the tests. */
export interface TestDatabase {
  readonly url: string;
  query(text: string, values?: readonly unknown[]): Promise<readonly QueryResultRow[]>;
  drop(): Promise<void>;
}

export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `registry_${randomUUID().replaceAll("-", "")}`;
  const run = async (
    url: string,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly QueryResultRow[]> => {
    const client = new Client(url);
    await client.connect();
    try {
      return (await client.query(text, [...values])).rows as QueryResultRow[];
    } finally {
      await client.end();
    }
  };
  await run(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (text, values) => run(url.href, text, values),
    drop: async () => {
      await run(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** A cluster of its own in this database. */
export function createJdbcWorld(
  databaseUrl: string,
  root = `/contract-${randomUUID()}`,
): Promise<GatedWorld> {
  const { hostname, port } = new URL(databaseUrl);
  const ports = { clock: createSystemClock(), random: createSystemRandom() };
  return createGatedWorld({
    host: hostname,
    port: Number(port),
    sessionTimeoutMs: 1000,
    noticeMs: 500,
    createRegistry: (gatePort) => {
      const url = new URL(databaseUrl);
      url.hostname = "127.0.0.1";
      url.port = String(gatePort);
      return new JdbcRegistry({ url: url.href, root, ...ports });
    },
    cleanUp: () => Promise.resolve(),
  });
}
