import { parseArgs } from "node:util";
import { startAlertServer } from "../alert-server/index.ts";
import { errorMessage } from "../base/index.ts";
import { startMaster } from "../master/index.ts";
import { complain, runNode } from "../node/index.ts";
import { migrateJdbcRegistry } from "../registry/open-registry.ts";
import { migrateStore } from "../store/index.ts";
import { startWorker } from "../worker/index.ts";

const USAGE = `usage: node.cjs master|worker|alert-server --config FILE
       node.cjs migrate [--database URL] [--registry URL]   (registry: that of kind jdbc)`;

async function main(args: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: "string" }, database: { type: "string" }, registry: { type: "string" } },
  });
  const [command] = positionals;
  const { config, database, registry } = values;
  if (command === "master" && config !== undefined) return runNode("master", startMaster, config);
  if (command === "worker" && config !== undefined) return runNode("worker", startWorker, config);
  if (command === "alert-server" && config !== undefined)
    return runNode("alert-server", startAlertServer, config);
  if (command !== "migrate" || (database ?? registry) === undefined) return complain(USAGE, 2);
  if (database !== undefined) await migrateStore(database);
  if (registry !== undefined) await migrateJdbcRegistry(registry);
  return 0;
}

main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => process.exit(complain(errorMessage(error), 3)),
);
