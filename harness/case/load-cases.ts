import type { Problem } from "../base/index.ts";
import { expandMatrix } from "./effective/expand-matrix.ts";
import { mergeUsedFiles } from "./effective/use-files.ts";
import { type CaseFile, discoverFiles } from "./reading/discover-files.ts";
import { createSourceFiles, type SourceFiles } from "./reading/source-files.ts";
import type { ResolvedCase } from "./resolved-case.ts";
import { resolveCase } from "./resolving/resolve-case.ts";

export interface LoadOptions {
  /** Paths are relative to it, and so are the names of files in messages. Default: that of the process. */
  readonly workingDirectory?: string;
}

export interface LoadedCases {
  /** Cases of the files without a problem: one for each combination of a matrix, in the order of the files. */
  readonly cases: readonly ResolvedCase[];
  /** All problems of all files. */
  readonly problems: readonly Problem[];
  /** Text of every file that was read, by the name that positions use: for code frames. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Loads all cases at these paths (files and folders). Never throws for what is in the files: everything that is wrong
 * comes back as problems, each with its place.
 */
export function loadCases(paths: readonly string[], options: LoadOptions = {}): LoadedCases {
  const workingDirectory = options.workingDirectory ?? process.cwd();
  const files = createSourceFiles(workingDirectory);
  const discovered = discoverFiles(paths, workingDirectory);
  const cases: ResolvedCase[] = [];
  const problems: Problem[] = [...discovered.problems];
  for (const file of discovered.files) {
    const loaded = loadFile(file, files);
    problems.push(...loaded.problems);
    if (loaded.problems.length === 0) cases.push(...loaded.cases);
  }
  return { cases, problems: withoutRepeats(problems), sources: files.texts };
}

function loadFile(file: CaseFile, files: SourceFiles): Omit<LoadedCases, "sources"> {
  const merged = mergeUsedFiles(file.absolute, files, file.display);
  if (merged.document === undefined) return { cases: [], problems: merged.problems };
  const expanded = expandMatrix(merged.document);
  if (expanded.problems.length > 0) return { cases: [], problems: expanded.problems };
  const source = { file: file.display, absolute: file.absolute, files };
  const resolved = expanded.combinations.map((combination) => resolveCase(combination, source));
  return {
    cases: resolved.map((one) => one.case),
    problems: resolved.flatMap((one) => one.problems),
  };
}

/** The combinations of a matrix, and the cases that use a file, share most of their problems. */
function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    const { code, what, at } = problem;
    const key = JSON.stringify([code, what, at?.file, at?.line, at?.column]);
    if (!seen.has(key)) seen.set(key, problem);
  }
  return [...seen.values()];
}
