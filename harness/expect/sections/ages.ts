import type { Json } from "../../case/resolved-case.ts";
import type { Row } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import { millisecondsIn } from "../durations.ts";
import { type Mismatch, mismatchOf, show } from "../matchers.ts";

type Compare = (expected: Json) => Mismatch | undefined;

/**
 * Fields like `startedAgo` of a row, by the columns that they are about. A duration is meant as in `database`: so long
 * before the case. A matcher looks at the age at the end, in milliseconds.
 */
export function agoFields(
  row: Row,
  columns: Readonly<Record<string, string>>,
  context: JudgeContext,
): Readonly<Record<string, Compare>> {
  return Object.fromEntries(
    Object.entries(columns).map(([field, column]) => [
      field,
      (expected: Json) => compareAge(expected, row[column] ?? null, context),
    ]),
  );
}

function compareAge(
  expected: Json,
  time: Row[string] | undefined,
  context: JudgeContext,
): Mismatch | undefined {
  const { scope } = context;
  const { snapshot, startWallMs = 0 } = context.facts.evidence;
  if (typeof time !== "string") return mismatchOf(expected, null, scope);
  const ageMs = Math.round(startWallMs + snapshot.atMs - Date.parse(time));
  const asked = millisecondsIn(expected, scope.sessionTimeoutMs);
  if (asked === undefined) return mismatchOf(expected, ageMs, scope);
  // The rows were written between the beginning of the case and its end.
  const youngestMs = ageMs - snapshot.atMs;
  if (asked <= ageMs && asked >= youngestMs - SLACK_MS) return undefined;
  return {
    path: [],
    expected: `${show(expected)} before the case`,
    actual: `${Math.max(0, youngestMs)} ms before it`,
  };
}

/** Postgres keeps microseconds, the clock of the case milliseconds. */
const SLACK_MS = 1;
