import { HarnessError, type Problem } from "../base/index.ts";
import { type LoadedCases, loadCases } from "../case/index.ts";

/** Case files with problems, and the texts that the messages show lines of. */
export class InvalidCasesError extends HarnessError {
  readonly sources: LoadedCases["sources"];

  constructor(problems: readonly Problem[], sources: LoadedCases["sources"]) {
    super(problems);
    this.sources = sources;
  }
}

/** Loads the cases at these paths. Throws InvalidCasesError with all problems of all files. */
export function readCases(paths: readonly string[]): LoadedCases {
  const loaded = loadCases(paths);
  if (loaded.problems.length > 0) throw new InvalidCasesError(loaded.problems, loaded.sources);
  return loaded;
}
