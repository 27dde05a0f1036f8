import pg from "pg";
import type { Clock, Random } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import type { ResolvedCase } from "../case/resolved-case.ts";
import { insertRows } from "./insert-rows.ts";
import { planRows } from "./plan-rows.ts";
import { createSeedContext, type ReceiverPorts } from "./seed-context.ts";
import { planRegistry, seedRegistry } from "./seed-registry.ts";

export interface GivenOptions {
  readonly case: ResolvedCase;
  /** The services' own addresses: seeding goes through no link. */
  readonly databaseUrl: string;
  readonly registry: RegistryConfig;
  /** Address by node name, absent nodes too. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly sessionTimeoutMs: number;
  /** The case's folder, where its scripts leave their effects. */
  readonly workDirectory: string;
  /** Where alerts arrive. Undefined: nowhere. */
  readonly receiver?: ReceiverPorts | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

const LIMIT_MS = 10_000;

/**
 * Puts the initial state of a case into its database and registry, before any node starts. The registry comes last:
 * what a dead node left there is dying from that moment on. Throws HarnessError for rows that the database refuses.
 */
export async function applyGiven(options: GivenOptions): Promise<void> {
  const { databaseUrl, registry, clock, random, ...rest } = options;
  const context = createSeedContext({ ...rest, nowMs: clock.now(), newIncarnation: () => random.uuid() });
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
    application_name: "failover-given",
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await insertRows(client, planRows(context));
  } finally {
    await client.end();
  }
  await seedRegistry(planRegistry(context), registry, clock);
}
