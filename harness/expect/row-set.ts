import { pointerTo } from "../base/index.ts";
import type { Json } from "../case/resolved-case.ts";
import type { JudgeContext } from "./context.ts";
import { type ExpectedRow, expandCounts } from "./expand-counts.ts";
import type { Finding } from "./finding.ts";
import { isList, isMatcher, type Mismatch, matchUnordered, splitRest } from "./matchers.ts";

/** Rows that an expectation lists, and how one of them is compared with one item of the list. */
export interface RowSet<T> {
  /** Section that asks for them: the code of the findings. */
  readonly code: string;
  readonly pointer: string;
  /** What a row is called: "attempt of etl.load". */
  readonly noun: string;
  readonly rows: readonly T[];
  readonly compare: (item: Json, row: T, context: JudgeContext) => Mismatch | undefined;
  /** A row in one line, for people. */
  readonly describe: (row: T) => string;
}

/**
 * Exactly these rows in this order; with `$rest: ignore` at the end more may follow; with `$unordered` in any order.
 */
export function checkRowSet<T>(expected: Json, set: RowSet<T>, context: JudgeContext): readonly Finding[] {
  if (isMatcher(expected) && isList(expected["$unordered"])) {
    return checkUnordered(expected["$unordered"], { ...set, pointer: `${set.pointer}/$unordered` }, context);
  }
  const { items, open } = expectedRows(isList(expected) ? expected : [expected], set, context);
  const details = set.rows.map(set.describe);
  for (const [index, { item, pointer }] of items.entries()) {
    const row = set.rows[index];
    if (row === undefined) break;
    const found = set.compare(item, row, context);
    if (found === undefined) continue;
    const field = found.path.join(".");
    const where = found.path.reduce<string>((base, key) => pointerTo(base, key), pointer);
    const what = `${ordinalOf(index, set)}${field === "" ? "" : `, ${field}`}`;
    const message = `${what}: expected ${found.expected}, was ${found.actual}`;
    return [{ kind: "expectation", code: set.code, pointer: where, message, details }];
  }
  return checkNumber({ items, open }, set, details);
}

const ordinalOf = <T>(index: number, set: RowSet<T>): string =>
  set.rows.length === 1 ? set.noun : `${set.noun} (${index + 1} of ${set.rows.length})`;

function checkNumber<T>(
  expected: { readonly items: readonly ExpectedRow[]; readonly open: boolean },
  set: RowSet<T>,
  details: readonly string[],
): readonly Finding[] {
  const { items, open } = expected;
  const missing = items[set.rows.length];
  if (missing === undefined && (open || set.rows.length === items.length)) return [];
  const number = `${items.length}${open ? " or more" : ""}`;
  const found = set.rows.length === 0 ? "none" : String(set.rows.length);
  const message = `${set.noun}: expected ${number}, found ${found}`;
  return [
    { kind: "expectation", code: set.code, pointer: missing?.pointer ?? set.pointer, message, details },
  ];
}

function expectedRows<T>(
  list: readonly Json[],
  set: RowSet<T>,
  context: JudgeContext,
): { readonly items: readonly ExpectedRow[]; readonly open: boolean } {
  const { items, open } = splitRest(list);
  const fits = (item: Json, row: T): boolean => set.compare(item, row, context) === undefined;
  const { rows, pointer } = set;
  return { items: expandCounts({ items, rows, pointer, fits }, context), open };
}

function checkUnordered<T>(list: readonly Json[], set: RowSet<T>, context: JudgeContext): readonly Finding[] {
  const { items, open } = expectedRows(list, set, context);
  const details = set.rows.map(set.describe);
  const fewer = checkNumber({ items, open }, set, details);
  if (fewer.length > 0) return fewer;
  const fits = (item: Json, row: T): boolean => set.compare(item, row, context) === undefined;
  const all = items.map(({ item }) => item);
  if (matchUnordered(all, set.rows, fits)) return [];
  const alone = items.find(({ item }) => !set.rows.some((row) => fits(item, row)));
  const message = `${set.noun}: no order of the ${set.rows.length} that are there fits`;
  return [{ kind: "expectation", code: set.code, pointer: alone?.pointer ?? set.pointer, message, details }];
}
