import { codesOfColumn } from "../../case/index.ts";
import type { Json } from "../../case/resolved-case.ts";
import type { Row } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import { isMap, type Mismatch, mismatchOf, show, textOf } from "../matchers.ts";
import { matchesNode } from "../selectors.ts";
import { columnOf, wordIn } from "../words.ts";

/** How the fields of an item are read from a row of a table. */
export interface FieldReading {
  readonly table: string;
  readonly row: Row;
  /** Fields that mean more than their column. Undefined: it matches. */
  readonly special?: Readonly<Record<string, (expected: Json) => Mismatch | undefined>>;
  /** Fields whose column is called otherwise: `priority: workflow_instance_priority`. */
  readonly columns?: Readonly<Record<string, string>>;
}

const NOT_OF_THE_ROW = new Set(["count", "$rest"]);

/** Compares the fields of an item with a row: node fields take selectors, codes are compared as words. */
export function compareFields(
  item: Json,
  reading: FieldReading,
  context: JudgeContext,
): Mismatch | undefined {
  if (!isMap(item)) return { path: [], expected: show(item), actual: "a row" };
  for (const [field, expected] of Object.entries(item)) {
    if (NOT_OF_THE_ROW.has(field)) continue;
    const found = compareField(field, expected, reading, context);
    if (found !== undefined) return { ...found, path: [field, ...found.path] };
  }
  return undefined;
}

function compareField(
  field: string,
  expected: Json,
  reading: FieldReading,
  context: JudgeContext,
): Mismatch | undefined {
  const special = reading.special?.[field];
  if (special !== undefined) return special(expected);
  if (field === "columns") return compareColumns(expected, reading, context);
  const column = reading.columns?.[field] ?? columnOf(field);
  if (column === "host") return compareNode(expected, reading.row["host"] ?? null, context);
  return compareColumn(column, expected, reading, context);
}

function compareColumns(expected: Json, reading: FieldReading, context: JudgeContext): Mismatch | undefined {
  for (const [column, value] of Object.entries(isMap(expected) ? expected : {})) {
    const found = compareColumn(column, value, reading, context);
    if (found !== undefined) return { ...found, path: [column, ...found.path] };
  }
  return undefined;
}

/** A column with codes may be asked for by word or by number. */
export function compareColumn(
  column: string,
  expected: Json,
  { table, row }: Pick<FieldReading, "table" | "row">,
  context: JudgeContext,
): Mismatch | undefined {
  if (!(column in row)) return { path: [], expected: show(expected), actual: `no column ${column}` };
  const raw = row[column] ?? null;
  if (codesOfColumn(table, column) === undefined)
    return mismatchOf(expected, parsedAs(expected, raw), context.scope);
  const byWord = mismatchOf(expected, wordIn(table, column, raw), context.scope);
  return byWord === undefined || mismatchOf(expected, raw, context.scope) === undefined ? undefined : byWord;
}

/** A column that holds JSON is compared as what it says when the case asks with a map or a list. */
export function parsedAs(expected: Json, raw: Json): Json {
  if (typeof raw !== "string" || typeof expected !== "object" || expected === null) return raw;
  try {
    const parsed: Json = JSON.parse(raw);
    return typeof parsed === "object" ? parsed : raw;
  } catch {
    return raw;
  }
}

/** Compares a column that holds an address. */
export function compareNode(expected: Json, raw: Json, context: JudgeContext): Mismatch | undefined {
  const address = raw === null ? null : textOf(raw);
  if (matchesNode(expected, { address }, context)) return undefined;
  return {
    path: [],
    expected: show(expected),
    actual: address === null ? "null" : context.facts.nameOf(address),
  };
}
