import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { CommanderError } from "commander";
import { createSystemClock, errorCode, errorMessage } from "../../src/base/index.ts";
import type { NodeKind } from "../../src/model/index.ts";
import { EXIT_CODES, HarnessError, type Problem } from "../base/index.ts";
import { formatProblems } from "../case/index.ts";
import { projectRoot } from "../keeper/index.ts";
import { createColors, wantsColor } from "../report/index.ts";
import { type ColorOption, createProgram } from "./create-program.ts";
import { explainCommand, judgeCommand, listCommand, validateCommand } from "./other-commands.ts";
import { InvalidCasesError } from "./read-cases.ts";
import { runCommand } from "./run-command.ts";
import { obeysEscapes, type Terminal } from "./terminal.ts";

const clock = createSystemClock();

function terminalFor({ color }: ColorOption): Terminal {
  const isLive = obeysEscapes(process.stdout, process.env.TERM);
  const enabled = wantsColor({ refused: !color, isTerminal: isLive, noColor: process.env.NO_COLOR });
  return { clock, colors: createColors(enabled), write: (text) => process.stdout.write(text), isLive };
}

/**
 * Nobody reads any more (`failover list | head`), the terminal was closed, or the file of the output is full: there is
 * no use in going on. What a run has up is removed by its keeper, which sees that this process is gone.
 */
function leaveWhenUnheard(): void {
  process.stdout.on("error", (error: Error) => {
    const code = errorCode(error);
    if (code === "EPIPE" || code === "EIO") process.exit(EXIT_CODES.interrupted);
    process.stderr.write(`the output cannot be written: ${errorMessage(error)}\n`);
    process.exit(EXIT_CODES.environment);
  });
  process.stderr.on("error", () => process.exit(EXIT_CODES.interrupted));
}

/**
 * Turns this very process into a node: its signals, its messages and its exit code are the node's. (The command
 * `failover` does the same without loading this program first: scripts/failover.cjs.)
 */
function becomeNode(kind: NodeKind, config: string): Promise<number> {
  const program = path.join(projectRoot(), "dist", "node.cjs");
  process.argv.splice(1, process.argv.length, program, kind, "--config", config);
  createRequire(program)(program);
  // The node ends the process.
  return new Promise(() => undefined);
}

/** Runs the command line; resolves with the exit code. Whatever goes wrong is said here, in words. */
async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT_CODES.passed;
  const program = createProgram(
    {
      run: (paths, options) => runCommand(paths, options, terminalFor(options)),
      validate: async (paths, options) => validateCommand(paths, terminalFor(options)),
      list: async (paths, options) => listCommand(paths, options, terminalFor(options)),
      explain: async (file, options) => explainCommand(file, terminalFor(options)),
      judge: (directory, options) => judgeCommand(directory, terminalFor(options)),
      node: (kind, { config }) => becomeNode(kind, config),
    },
    (code) => {
      exitCode = code;
    },
  );
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return explainError(error);
  }
}

function explainError(error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has said it already; help and version are no errors.
    return error.exitCode === 0 ? EXIT_CODES.passed : EXIT_CODES.invalid;
  }
  if (error instanceof HarnessError) {
    const sources = error instanceof InvalidCasesError ? error.sources : new Map<string, string>();
    process.stderr.write(formatProblems(error.problems, sources, { color: isStderrColored() }));
    return exitCodeOfProblems(error.problems);
  }
  const file = keepBug(error);
  process.stderr.write(`${errorMessage(error)}\nthis is a bug of the harness; details are in ${file}\n`);
  return EXIT_CODES.bug;
}

function isStderrColored(): boolean {
  const refused = process.argv.includes("--no-color");
  const isTerminal = obeysEscapes(process.stderr, process.env.TERM);
  return wantsColor({ refused, isTerminal, noColor: process.env.NO_COLOR });
}

/** The family of the problems: an environment that cannot be had, or something that the user wrote. */
function exitCodeOfProblems(problems: readonly Problem[]): number {
  const isEnvironment = problems.some(({ code }) => code.startsWith("environment/"));
  return isEnvironment ? EXIT_CODES.environment : EXIT_CODES.invalid;
}

/** The stack goes to a file: it is for whoever mends the harness, not for whoever uses it. */
function keepBug(error: unknown): string {
  const file = path.resolve(".runs", `bug-${clock.now()}.txt`);
  const text =
    error instanceof Error ? `${error.stack}\n${JSON.stringify(error.cause ?? null)}\n` : String(error);
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  } catch (cannotWrite) {
    return `no file (${errorMessage(cannotWrite)})`;
  }
}

/** How long a finished command may take to let go of its sockets and processes. */
const EXIT_LIMIT_MS = 2000;

/** Ends the process by itself when nothing is left to do; a leak must neither keep a user waiting nor stay unseen. */
function endWith(exitCode: number): void {
  process.exitCode = exitCode;
  // This timer does not keep the process alive.
  AbortSignal.timeout(EXIT_LIMIT_MS).addEventListener("abort", () => {
    const left = [...new Set(process.getActiveResourcesInfo())].join(", ");
    process.stderr.write(`the harness did not let go of: ${left}\n`);
    process.exit(exitCode);
  });
}

leaveWhenUnheard();
// CI systems set variables to nothing; commander would take that for a word.
for (const name of ["FAILOVER_ENV", "FAILOVER_REGISTRY"])
  if (process.env[name] === "") delete process.env[name];
main(process.argv.slice(2)).then(endWith, (error: unknown) => endWith(explainError(error)));
