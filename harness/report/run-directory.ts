import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Clock, errorCode } from "../../src/base/index.ts";
import { describeEvent, type Facts, factsOf, type Judgement, timingFigures } from "../expect/index.ts";
import type { Evidence } from "../observe/index.ts";
import { titleOf } from "./case-result.ts";
import { createColors } from "./colors.ts";
import { formatFailure } from "./failure-block.ts";
import { formatRegistry, formatTables } from "./final-state.ts";

/** Names of the files of a run directory. `evidence.json`, `case.json` and `history.jsonl` are what is judged again. */
export const RUN_FILES = {
  case: "case.json",
  evidence: "evidence.json",
  history: "history.jsonl",
  tables: "tables.txt",
  registry: "registry.txt",
  verdict: "verdict.json",
  verdictText: "verdict.txt",
  nodes: "nodes",
} as const;

export interface RunDirectoryOptions {
  /** Where run directories are kept: ".runs". Created when absent. */
  readonly root: string;
  readonly evidence: Evidence;
  readonly judgement: Judgement;
  readonly durationMs: number;
  /** What the processes of each node wrote to stdout and stderr, by node name. */
  readonly output: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly readText: (file: string) => string | undefined;
}

/** Keeps everything about a run of a case. Returns the directory: `<root>/<time>-<case>`. Throws system errors. */
export async function writeRunDirectory(options: RunDirectoryOptions): Promise<string> {
  const { evidence, judgement } = options;
  const directory = await makeDirectory(options.root, directoryName(evidence, options.clock));
  const { case: resolved, history, ...rest } = evidence;
  const facts = factsOf(evidence);
  const lines = history.map((event) => `${JSON.stringify(event)}\n`).join("");
  const files: Readonly<Record<string, string>> = {
    [RUN_FILES.case]: toJson(resolved),
    [RUN_FILES.evidence]: toJson(rest),
    [RUN_FILES.history]: lines,
    [RUN_FILES.tables]: formatTables(evidence.snapshot),
    [RUN_FILES.registry]: formatRegistry(evidence.snapshot),
    [RUN_FILES.verdict]: toJson({ ...judgement, timing: timingFigures(facts) }),
    [RUN_FILES.verdictText]: verdictText(options, directory),
    ...nodeLogs(evidence, options.output, facts),
  };
  await mkdir(join(directory, RUN_FILES.nodes));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
  return directory;
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function directoryName({ case: { file, combination } }: Evidence, clock: Clock): string {
  const time = new Date(clock.now()).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const words = `${basename(file).replace(/\.ya?ml$/, "")} ${combination}`;
  return `${time}-${words
    .trim()
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, 80)}`;
}

/** A limit for a directory that says for ever that it exists. */
const MOST_OF_A_SECOND = 1000;

/** Two cases may end in the same second. */
async function makeDirectory(root: string, name: string): Promise<string> {
  await mkdir(root, { recursive: true });
  for (let number = 1; ; number += 1) {
    const directory = join(root, number === 1 ? name : `${name}-${number}`);
    try {
      await mkdir(directory);
      return directory;
    } catch (error) {
      if (errorCode(error) !== "EEXIST" || number > MOST_OF_A_SECOND) throw error;
    }
  }
}

function verdictText(options: RunDirectoryOptions, directory: string): string {
  const { evidence, judgement, durationMs, readText } = options;
  const { tier, registryKind, seed, sessionTimeoutMs } = evidence;
  const head = `${tier}, ${registryKind}, seed ${seed}, session ${sessionTimeoutMs} ms`;
  if (judgement.verdict === "PASS") {
    return `PASS  ${titleOf(evidence.case)}\n${judgement.note === undefined ? "" : `${judgement.note}\n`}${head}\n`;
  }
  const result = { case: evidence.case, judgement, durationMs, evidence, evidenceDirectory: directory };
  return `${formatFailure(result, { colors: createColors(false), readText, events: 60 })}\n${head}\n`;
}

/** One file per node: what it told, then what its processes printed. */
function nodeLogs(
  evidence: Evidence,
  output: Readonly<Record<string, string>>,
  facts: Facts,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    evidence.nodes.map(({ name }) => {
      const own = evidence.history.filter((event) => event.source === "node" && event.nodeName === name);
      const told = own.map((event) => `${describeEvent(event, facts)}\n`).join("");
      const printed = output[name] ?? "";
      return [
        `${RUN_FILES.nodes}/${name}.log`,
        printed === "" ? told : `${told}\n--- stdout and stderr ---\n${printed}`,
      ];
    }),
  );
}
