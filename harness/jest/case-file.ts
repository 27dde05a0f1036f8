import path from "node:path";
import type { Problem } from "../base/index.ts";
import { loadCases, type ResolvedCase } from "../case/index.ts";
import type { JestTest } from "./jest-contract.ts";

/** A test file of jest, read. */
export interface CaseFile {
  readonly test: JestTest;
  /** All of its cases, one for each matrix combination. */
  readonly cases: readonly ResolvedCase[];
  /** Those of them that `-t` leaves out. */
  readonly filtered: readonly ResolvedCase[];
  readonly problems: readonly Problem[];
  readonly sources: ReadonlyMap<string, string>;
}

export function readCaseFile(test: JestTest, pattern: RegExp | undefined): CaseFile {
  const workingDirectory = test.context.config.rootDir;
  const file = path.relative(workingDirectory, test.path);
  const { cases, problems, sources } = loadCases([file], { workingDirectory });
  const filtered = cases.filter((resolved) => pattern !== undefined && !pattern.test(fullNameOf(resolved)));
  return { test, cases, filtered, problems, sources };
}

/** The cases that run. */
export function selectedCases({ cases, filtered }: CaseFile): readonly ResolvedCase[] {
  return cases.filter((resolved) => !filtered.includes(resolved));
}

/** What `-t` is matched against. */
export function fullNameOf({ name, combination }: ResolvedCase): string {
  return combination === "" ? name : `${name} ${combination}`;
}
