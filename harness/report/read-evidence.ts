import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorMessage } from "../../src/base/index.ts";
import { HarnessError, type Problem } from "../base/index.ts";
import type { Evidence } from "../observe/index.ts";
import { RUN_FILES } from "./run-directory.ts";

/**
 * The evidence in a run directory, to be judged again. Throws HarnessError (arguments/no-evidence,
 * arguments/damaged-evidence) that names every file that is missing or damaged.
 */
export async function readEvidence(directory: string): Promise<Evidence> {
  const [resolved, evidence, history] = await Promise.all([
    readPart(directory, RUN_FILES.case, parseMap),
    readPart(directory, RUN_FILES.evidence, parseMap),
    readPart(directory, RUN_FILES.history, parseLines),
  ]);
  const problems = [resolved, evidence, history].flatMap((part) => ("problem" in part ? [part.problem] : []));
  if (problems.length > 0 || !("value" in resolved && "value" in evidence && "value" in history)) {
    throw new HarnessError(problems);
  }
  const lacking = [
    ...lackingKeys(join(directory, RUN_FILES.case), resolved.value, CASE_KEYS),
    ...lackingKeys(join(directory, RUN_FILES.evidence), evidence.value, EVIDENCE_KEYS),
  ];
  if (lacking.length > 0) throw new HarnessError(lacking);
  // The shape was looked at above as far as it tells one version's evidence from another's.
  const read: unknown = {
    trouble: undefined,
    ...evidence.value,
    case: resolved.value,
    history: history.value,
  };
  return read as Evidence;
}

/** What is said when evidence that could be read cannot be judged: it is not what a run wrote. */
export function unjudgeable(directory: string, error: unknown): HarnessError {
  const what = `the evidence in ${directory} cannot be judged: ${errorMessage(error)}`;
  return new HarnessError([damaged(what, "it was written by another version, or edited")], { cause: error });
}

type Kind = "map" | "list" | "number" | "text";

/** What the judge cannot do without. */
const CASE_KEYS: Readonly<Record<string, Kind>> = {
  file: "text",
  name: "text",
  cluster: "map",
  database: "map",
  steps: "list",
  expect: "map",
  positions: "map",
};
const EVIDENCE_KEYS: Readonly<Record<string, Kind>> = {
  tier: "text",
  registryKind: "text",
  sessionTimeoutMs: "number",
  seed: "number",
  nodes: "list",
  steps: "list",
  snapshot: "map",
};

function lackingKeys(
  file: string,
  value: Readonly<Record<string, unknown>>,
  keys: Readonly<Record<string, Kind>>,
): readonly Problem[] {
  const lacking = Object.entries(keys).filter(([key, kind]) => kindOf(value[key]) !== kind);
  if (lacking.length === 0) return [];
  const what = `${file} has no ${lacking.map(([key]) => key).join(", ")}`;
  return [damaged(what, "it was written by another version, or edited")];
}

function kindOf(value: unknown): Kind | undefined {
  if (typeof value === "number") return "number";
  if (typeof value === "string") return "text";
  if (typeof value !== "object" || value === null) return undefined;
  return Array.isArray(value) ? "list" : "map";
}

type Part<T> = { readonly value: T } | { readonly problem: Problem };

async function readPart<T>(directory: string, name: string, parse: (text: string) => T): Promise<Part<T>> {
  const file = join(directory, name);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const why = errorCode(error) === "ENOENT" ? "there is no such file" : errorMessage(error);
    const what = `cannot read ${file}: ${why}`;
    const fix = "name a directory below .runs; a passed case keeps its evidence only with --keep";
    return { problem: { code: "arguments/no-evidence", what, fix } };
  }
  try {
    return { value: parse(text) };
  } catch (error) {
    return { problem: damaged(`${file} is damaged: ${errorMessage(error)}`, "it was cut off or edited") };
  }
}

function damaged(what: string, why: string): Problem {
  return { code: "arguments/damaged-evidence", what, why, fix: "run the case again to get new evidence" };
}

function parseMap(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("it holds no map");
  return { ...value };
}

function parseLines(text: string): readonly unknown[] {
  return text.split("\n").flatMap((line, index): readonly unknown[] => {
    if (line === "") return [];
    try {
      return [parseMap(line)];
    } catch (error) {
      // The message is completed from the cause.
      throw new Error(`line ${index + 1}`, { cause: error });
    }
  });
}
