import { Command, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { NODE_KINDS, type NodeKind } from "../../src/model/index.ts";
import { nearestWord } from "../case/index.ts";
import { defaultJobs } from "../run/index.ts";
import { addPassThrough } from "./pass-through.ts";
import { collected, positiveNumber, type RunOptions, seedNumber } from "./run-options.ts";

/** What the commands do; each resolves with the exit code. */
export interface Commands {
  run(paths: readonly string[], options: RunOptions): Promise<number>;
  validate(paths: readonly string[], options: ColorOption): Promise<number>;
  list(paths: readonly string[], options: SelectOptions): Promise<number>;
  explain(file: string, options: ColorOption): Promise<number>;
  judge(directory: string, options: ColorOption): Promise<number>;
  /** Becomes a node of the scheduler; its own exit code is that of the process. */
  node(kind: NodeKind, options: { readonly config: string }): Promise<number>;
}

export interface ColorOption {
  readonly color: boolean;
}

export interface SelectOptions extends ColorOption {
  readonly tag?: readonly string[];
  readonly filter?: string;
}

const INTRODUCTION =
  "Runs cases: YAML files that say which cluster there is, what breaks at which moment, and how it must end. " +
  "Each is run on a real registry, a real Postgres and real processes, and judged.";

const EXAMPLES = `
Examples:
  failover run                               all of cases/
  failover run cases/failover/master         one folder (or file, or several)
  failover run --tag take-over --verbose     cases with a tag, every step shown
  failover run --repeat 10 --bail my.yaml    is it flaky?
  failover validate                          are the files right? Starts nothing.
  failover explain my.yaml                   what a case means, defaults written out
  failover judge .runs/…                     judges what a failed run left once more

Exit codes:
    0  all passed or skipped       3  the environment could not be provided
    1  a case failed or is flaky   4  a case is inconclusive
    2  invalid case or arguments   70 a bug of the harness, 130 interrupted

How to write a case: docs/writing-cases.md; every key: docs/case-reference.md; every error: docs/errors.md`;

/** The command line. `done` gets the exit code of the command that ran. */
export function createProgram(commands: Commands, done: (exitCode: number) => void): Command {
  const program = new Command("failover");
  program
    .description(INTRODUCTION)
    .addHelpText("after", EXAMPLES)
    .version(packageJson.version, "-V, --version", "print the version")
    .showSuggestionAfterError(true)
    .showHelpAfterError("Try: failover --help")
    .exitOverride();
  addRun(program, commands, done);
  const withColor = (command: Command): Command => command.option("--no-color", "print without colors");
  withColor(program.command("validate").argument("[paths...]", "files and folders", ["cases"]))
    .description("check case files, all at once, and start nothing")
    .action(async (paths: string[], options: ColorOption) => done(await commands.validate(paths, options)));
  withColor(withSelection(program.command("list").argument("[paths...]", "files and folders", ["cases"])))
    .description("list cases with their tags")
    .action(async (paths: string[], options: SelectOptions) => done(await commands.list(paths, options)));
  withColor(program.command("explain").argument("<file>", "a case file"))
    .description("say what a case means, with all defaults and files that it uses")
    .action(async (file: string, options: ColorOption) => done(await commands.explain(file, options)));
  withColor(program.command("judge").argument("<directory>", "a folder below .runs/"))
    .description("judge the evidence of a run again")
    .action(async (directory: string, options: ColorOption) =>
      done(await commands.judge(directory, options)),
    );
  addPassThrough(program, "ctl", "start, stop, recover and look at workflows of a running cluster", done);
  addNodes(program, commands, done);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

/** The scheduler itself: the same program that cases start as processes. */
function addNodes(program: Command, commands: Commands, done: (exitCode: number) => void): void {
  for (const kind of NODE_KINDS) {
    program
      .command(kind)
      .description(
        `start ${kind === "alert-server" ? "an" : "a"} ${kind} of the scheduler, in the foreground`,
      )
      .requiredOption("--config <file>", "its configuration, JSON or YAML: docs/configuration.md")
      .addHelpText("after", NODE_HELP)
      .action(async (options: { config: string }) => done(await commands.node(kind, options)));
  }
}

const NODE_HELP = `
SIGTERM and Ctrl-C stop it in good order: it hands its work over within timing.shutdownGraceMs.
Exit codes: 0 stopped as asked, 1 gave up by itself (fenced, registry lost), 2 bad configuration,
3 registry or database not reachable at the start. Health and metrics: docs/operations.md`;

function withSelection(command: Command): Command {
  return command
    .option("--tag <tag>", "only cases with this tag; several: one of them is enough", collected)
    .option("--filter <text>", "only cases whose name or file contains this text");
}

function addRun(program: Command, commands: Commands, done: (exitCode: number) => void): void {
  withSelection(
    program.command("run", { isDefault: false }).argument("[paths...]", "files and folders", ["cases"]),
  )
    .description("run cases")
    .addOption(
      choice("--env <env>", "where services run; auto: containers if Docker has the images, else embedded", [
        "auto",
        "containers",
        "embedded",
      ])
        .env("FAILOVER_ENV")
        .default("auto"),
    )
    .addOption(
      choice("--registry <registry>", "which registry (default: zookeeper on containers, jdbc on embedded)", [
        "zookeeper",
        "jdbc",
      ]).env("FAILOVER_REGISTRY"),
    )
    .option("--jobs <n>", "cases that run side by side", positiveNumber, defaultJobs())
    .option(
      "--repeat <n>",
      "run each case so often; one that passes only sometimes is FLAKY",
      positiveNumber,
      1,
    )
    .option("--bail", "start nothing more after the first case that does not pass")
    .option("--seed <n>", "draw moments and targets as a run before did, which printed this seed", seedNumber)
    .option("--junit <file>", "write a JUnit report too")
    .option("--keep", "keep the evidence of passed cases too")
    .option("--verbose", "show what happens while it happens")
    .option("--no-color", "print without colors")
    .action(async (paths: string[], options: RunOptions) => {
      // The defaults stand here and not in the options: help would name each `false`.
      const switches = { bail: false, keep: false, verbose: false };
      done(await commands.run(paths, { ...switches, ...options }));
    });
}

/** An option with fixed values that names the nearest one when it does not know a word. */
function choice(flags: string, description: string, values: readonly string[]): Option {
  const option = new Option(flags, description).choices(values);
  const parse = option.parseArg;
  return option.argParser((word: string, before: unknown) => {
    try {
      return parse?.(word, before);
    } catch (error) {
      const nearest = nearestWord(word, values);
      if (nearest !== undefined && error instanceof Error) error.message += ` Did you mean ${nearest}?`;
      throw error;
    }
  });
}
