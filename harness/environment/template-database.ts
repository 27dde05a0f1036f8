import type { Keeper } from "../keeper/index.ts";
import { TEMPLATE_DATABASE } from "./case-databases.ts";
import { migrate } from "./migrate.ts";
import { type PostgresAddress, postgresUrl, runStatement } from "./postgres-client.ts";

export interface TemplateOptions {
  readonly address: PostgresAddress;
  readonly nodeProgram: string;
  readonly keeper: Keeper;
}

/**
 * Makes the database that every case's is copied from. Nobody may connect to it afterwards: that would stop the
 * copying.
 */
export async function createTemplateDatabase(options: TemplateOptions): Promise<void> {
  const { address, nodeProgram, keeper } = options;
  const admin = postgresUrl(address, "postgres");
  await runStatement(admin, `CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await migrate({ nodeProgram, url: postgresUrl(address, TEMPLATE_DATABASE), keeper });
  await runStatement(
    admin,
    `ALTER DATABASE ${TEMPLATE_DATABASE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`,
  );
}
