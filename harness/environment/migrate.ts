import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import type { Keeper } from "../keeper/index.ts";
import { environmentError, tellingLine } from "./problems.ts";

const MIGRATION_LIMIT_MS = 60_000;

/** Brings all tables into an empty database, those of the JDBC registry too, by the product's own command. */
export function migrate(options: {
  readonly nodeProgram: string;
  readonly url: string;
  readonly keeper: Keeper;
}): Promise<void> {
  const { nodeProgram, url, keeper } = options;
  if (!existsSync(nodeProgram)) {
    throw environmentError({
      code: "not-built",
      what: `${nodeProgram} does not exist`,
      why: "the programs of this package were not built",
      fix: "npm run build",
    });
  }
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [nodeProgram, "migrate", "--database", url, "--registry", url],
      { env: { ...process.env, ...keeper.environment }, timeout: MIGRATION_LIMIT_MS, killSignal: "SIGKILL" },
      (error, _stdout, stderr) => {
        if (error === null) return resolve();
        reject(
          environmentError(
            {
              code: "migration-failed",
              what: "the database could not be given its tables",
              why: tellingLine(stderr || error.message),
              fix: "a migration in src/store/migrations is wrong, or the build is old: npm run build",
            },
            error,
          ),
        );
      },
    );
  });
}
