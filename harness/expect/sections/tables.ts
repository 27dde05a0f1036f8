import { pointerTo } from "../../base/index.ts";
import type { Row } from "../../observe/evidence.ts";
import { isMap } from "../matchers.ts";
import { checkRowSet } from "../row-set.ts";
import type { Section } from "../section.ts";
import { wordIn } from "../words.ts";
import { compareFields } from "./compare-fields.ts";

/** Exactly these rows of each table that is named, in id order; columns raw or, where they are codes, by word. */
export const judgeTables: Section = (value, pointer, context) =>
  Object.entries(isMap(value) ? value : {}).flatMap(([table, expected]) =>
    checkRowSet(
      expected,
      {
        code: "tables",
        pointer: pointerTo(pointer, table),
        noun: `row of ${table}`,
        rows: context.facts.rows(table),
        compare: (item, row) => compareFields(item, { table, row }, context),
        describe: (row) => describeRow(table, row),
      },
      context,
    ),
  );

/** The columns that have a value, in one line. */
export function describeRow(table: string, row: Row): string {
  return Object.entries(row)
    .filter(([, value]) => value !== null && value !== "")
    .map(([column, value]) => `${column}=${wordIn(table, column, value)}`)
    .join(" ");
}
