import { positionOf } from "../base/index.ts";
import { formatProblems, type ResolvedCase } from "../case/index.ts";
import { createColors, formatFailure } from "../report/index.ts";
import type { CaseOutcome } from "../run/index.ts";
import { type CaseFile, fullNameOf } from "./case-file.ts";
import type { JestAssertion } from "./jest-contract.ts";

const colors = createColors(process.stdout.isTTY);

/** A case as a test of jest: SKIP is pending with its reason in the title, all else that is no PASS has failed. */
export function assertionOf(
  outcome: CaseOutcome,
  readText: (file: string) => string | undefined,
): JestAssertion {
  const { judgement, durationMs, seed } = outcome;
  const base = assertionFor(outcome.case, durationMs);
  switch (judgement.verdict) {
    case "PASS":
      return { ...base, status: "passed", numPassingAsserts: 1 };
    case "SKIP": {
      const reason = judgement.findings[0]?.message ?? "no reason";
      return { ...base, status: "pending", title: `${base.title} (SKIP: ${reason})` };
    }
    case "FAIL":
    case "INCONCLUSIVE":
    case "ERROR": {
      const text = `${formatFailure(outcome, { colors, readText })}\n  seed: ${seed}`;
      return { ...base, status: "failed", failureMessages: [text], failureDetails: [text] };
    }
  }
}

/** A case that `-t` left out. */
export function filteredAssertion(resolved: ResolvedCase): JestAssertion {
  return { ...assertionFor(resolved, 0), status: "pending" };
}

/** A file that is no valid case: its problems, with their lines. */
export function invalidAssertion({ test, problems, sources }: CaseFile): JestAssertion {
  const text = formatProblems(problems, sources, { color: process.stdout.isTTY });
  const line = problems[0]?.at?.line ?? 1;
  const column = problems[0]?.at?.column ?? 1;
  return {
    ...EMPTY,
    title: "is a valid case",
    fullName: `${test.path} is a valid case`,
    status: "failed",
    location: { line, column },
    failureMessages: [text],
    failureDetails: [text],
  };
}

const EMPTY = {
  ancestorTitles: [],
  duration: 0,
  failureMessages: [],
  failureDetails: [],
  invocations: 1,
  numPassingAsserts: 0,
  retryReasons: [],
} as const;

function assertionFor(resolved: ResolvedCase, durationMs: number): Omit<JestAssertion, "status"> {
  const { name, combination, positions } = resolved;
  const at = positionOf(positions, "/name");
  return {
    ...EMPTY,
    ancestorTitles: combination === "" ? [] : [name],
    title: combination === "" ? name : combination,
    fullName: fullNameOf(resolved),
    duration: Math.round(durationMs),
    location: at === undefined ? undefined : { line: at.line, column: at.column },
  };
}
