import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  createSeededRandom,
  createSystemClock,
  createSystemRandom,
  errorMessage,
} from "../../src/base/index.ts";
import { EXIT_CODES, HarnessError } from "../base/index.ts";
import type { RegistryKind, Tier } from "../environment/index.ts";
import { createDatabaseView } from "../observe/index.ts";
import { createColors, formatFailure, showDuration } from "../report/index.ts";
import { type Beside, exitCodeOf, openRun, summarize } from "../run/index.ts";
import { everybodyBack } from "./everybody-back.ts";
import { Operator } from "./operator.ts";
import { soakCase } from "./soak-case.ts";
import { SoakProgress } from "./soak-progress.ts";

const SEEDS = 2 ** 32;
const USAGE = `npm run soak [-- options]

Small workflows on several masters and workers while a random node is killed, stopped, frozen or restarted every few
seconds. At the end every workflow has to have ended as it should, with all invariants kept and nothing left over.

  --minutes <n>     how long nodes are disturbed (10)
  --masters <n>     (3)
  --workers <n>     (3)
  --seed <n>        draws the same disturbances, targets and workflows again
  --env <env>       embedded, containers or auto (embedded)
  --registry <r>    zookeeper or jdbc
  --keep            keep the evidence also when it passes

Exit codes as those of failover run: 0 passed, 1 failed, 2 wrong arguments, 3 no environment, 4 inconclusive.
`;

interface Options {
  readonly minutes: number;
  readonly masters: number;
  readonly workers: number;
  readonly seed: number;
  readonly env: Tier | "auto";
  readonly registry: RegistryKind | undefined;
  readonly keep: boolean;
}

class UsageError extends Error {
  override readonly name = "UsageError";
}

const clock = createSystemClock();
const write = (text: string): void => void process.stdout.write(text);

function numberOf(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isFinite(value) || value < 0 || (name !== "minutes" && !Number.isInteger(value)))
    throw new UsageError(`--${name} must be a number, not "${text}"`);
  return value;
}

function oneOf<T extends string>(name: string, text: string, words: readonly T[]): T {
  const word = words.find((one) => one === text);
  if (word === undefined) throw new UsageError(`--${name} must be one of ${words.join(", ")}, not "${text}"`);
  return word;
}

const text = { type: "string" } as const;
const OPTIONS = {
  minutes: text,
  masters: text,
  workers: text,
  seed: text,
  env: text,
  registry: text,
  keep: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** Undefined: help was asked for. Throws UsageError. */
function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
    if (values.help === true) return undefined;
    return {
      minutes: numberOf("minutes", values.minutes, 10),
      masters: numberOf("masters", values.masters, 3),
      workers: numberOf("workers", values.workers, 3),
      seed: numberOf("seed", values.seed, createSystemRandom().below(SEEDS)),
      env: oneOf("env", values.env ?? "embedded", ["embedded", "containers", "auto"] as const),
      registry:
        values.registry === undefined
          ? undefined
          : oneOf("registry", values.registry, ["zookeeper", "jdbc"] as const),
      keep: values.keep ?? false,
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(errorMessage(error));
  }
}

function soakWork(seed: number, progress: SoakProgress): Beside {
  return async ({ cluster, observer, databaseUrl, history, stepsOver, signal }) => {
    const view = createDatabaseView({ url: databaseUrl, clock, deadlineMs: 10_000 });
    // A sequence of its own: how many workflows there are changes nothing in whom the disturbances hit.
    const random = createSeededRandom(seed ^ 0x5eed);
    const query = (sql: string, values?: readonly unknown[]) => view.query(sql, values);
    progress.follow(history);
    try {
      const onTick = progress.update.bind(progress);
      const operator = new Operator({ cluster, clock, random, signal, query, onTick });
      const wrong = await operator.run(stepsOver);
      return [...wrong, ...(await everybodyBack({ cluster, observer }, clock, signal))];
    } finally {
      progress.stop();
      await view.close();
    }
  };
}

async function soak(options: Options): Promise<number> {
  const { env, registry, keep, seed, minutes, masters, workers } = options;
  const resolved = soakCase(options);
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interruption.abort());
  const readText = (file: string): string => readFileSync(file, "utf8");
  const run = await openRun({ env, registry, keep, clock, readText });
  try {
    write(
      `soak of ${minutes} min, ${masters} masters, ${workers} workers, ${resolved.steps.length} disturbances, ` +
        `seed ${seed}; ${run.environment.description}\n`,
    );
    const beside = soakWork(seed, new SoakProgress(clock, write));
    const { signal } = interruption;
    const outcome = await run.runCase({ case: resolved, repetition: 1, seed, signal, beside });
    const { verdict } = outcome.judgement;
    write(`${verdict} in ${showDuration(outcome.durationMs)}, seed ${seed}\n`);
    if (verdict !== "PASS") write(`${formatFailure(outcome, { colors: createColors(false), readText })}\n`);
    return exitCodeOf(summarize([outcome]), signal.aborted);
  } finally {
    const left = await run.close();
    if (left.length > 0) {
      write(`left behind, and removed now: ${left.join(", ")}\n`);
      process.exitCode = EXIT_CODES.failed;
    }
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options !== undefined) return soak(options);
  write(USAGE);
  return EXIT_CODES.passed;
}

main().then(
  (code) => {
    process.exitCode ??= code;
    if (code !== EXIT_CODES.passed) process.exitCode = code;
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    const problems =
      error instanceof HarnessError ? error.problems.map(({ what, why }) => `${what}; ${why ?? ""}`) : [];
    process.stderr.write(
      `${problems.length > 0 ? problems.join("\n") : errorMessage(error)}\n${isUsage ? USAGE : ""}`,
    );
    if (isUsage) process.exitCode = EXIT_CODES.invalid;
    else process.exitCode = problems.length > 0 ? EXIT_CODES.environment : EXIT_CODES.bug;
  },
);
