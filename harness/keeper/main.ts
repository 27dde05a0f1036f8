import { createSystemClock, errorMessage } from "../../src/base/index.ts";
import { staleRecords } from "./run-record.ts";
import { type SweepReport, sweepRun } from "./sweep.ts";

/**
 * The keeper: a process that outlives the harness for a moment. Its standard input is a pipe that only the harness
 * holds;
 * when that ends, because the harness asked for it, left, crashed or was killed, it removes what is left of the run,
 * and
 * ends. Argument: the run's record file, and the directory with everybody's records.
 */
async function main(): Promise<void> {
  const [file, directory] = process.argv.slice(2);
  if (file === undefined || directory === undefined)
    throw new Error("usage: keeper RECORD-FILE RECORD-DIRECTORY");
  // Ctrl-C, a closed terminal, a polite kill: all mean the harness, whose end is noticed by the pipe.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
  const clock = createSystemClock();
  const inputEnded = new Promise<void>((resolve) => {
    process.stdin.on("data", () => undefined);
    process.stdin.on("end", resolve);
    process.stdin.on("error", () => resolve());
  });
  // Nobody reads the report of a keeper whose harness was killed.
  process.stdout.on("error", () => undefined);

  for (const stale of staleRecords(directory)) if (stale !== file) await sweepRun(stale, clock);
  await inputEnded;
  const report: SweepReport = await sweepRun(file, clock);
  process.stdout.end(`${JSON.stringify(report)}\n`);
}

main().catch((error: unknown) => {
  process.stdout.end(`${JSON.stringify({ failures: [errorMessage(error)] })}\n`);
  process.exitCode = 1;
});
