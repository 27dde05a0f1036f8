// Something like a harness in mid-run, for environment.contract-test.ts: provides an environment, opens a case with its own
// services, one of them frozen, tells it, and waits to be killed. Arguments: bundles of environment, keeper client and base,
// the tier, the registry, a run id, a directory.
const [environment, keeperClient, base, env, registry, runId, workDirectory] = process.argv.slice(2);
const clock = require(base).createSystemClock();
const keeper = require(keeperClient).startKeeper({ runId, clock });

async function main() {
  const options = { env, registry, runId, keeper, clock, workDirectory };
  const provided = await require(environment).provideEnvironment(options);
  const opened = await provided.openCase({ caseId: "held", own: { registry: true, database: true } });
  await opened.ownDatabase.pause();
  process.stdout.write(`${opened.databaseUrl}\n`);
  clock.setPeriodic(1000, () => undefined);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
