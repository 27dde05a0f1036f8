import { pointerTo } from "../../base/index.ts";
import { keyPointer } from "../reading/located.ts";
import type { Json, RawSection } from "../resolved-case.ts";
import { codesOfColumn } from "../vocabulary/enum-columns.ts";
import { isRecord } from "../vocabulary/read-json.ts";
import { columnsOf, TABLE_NAMES } from "../vocabulary/table-catalogue.ts";
import type { Scope } from "./case-scope.ts";
import { checkAddresses } from "./check-references.ts";

interface RowPlace {
  readonly table: string;
  readonly row: RawSection;
  readonly pointer: string;
}

/** Checks the columns of a row: that they exist, and that words stand where the column has words. */
export function checkColumns(scope: Scope, { table, row, pointer }: RowPlace): void {
  const columns = columnsOf(table);
  if (columns === undefined) return;
  for (const [column, value] of Object.entries(row)) {
    if (column === "$rest") continue;
    const at = pointerTo(pointer, column);
    const kind = columns.get(column);
    if (kind === undefined) {
      scope.sink.unknown(keyPointer(at), `column of ${table} called`, {
        word: column,
        allowed: columns.keys(),
      });
      continue;
    }
    checkCell(scope, { table, column, kind, value, pointer: at });
  }
}

interface Cell {
  readonly table: string;
  readonly column: string;
  readonly kind: string;
  readonly value: Json;
  readonly pointer: string;
}

function checkCell(scope: Scope, { table, column, kind, value, pointer }: Cell): void {
  if (typeof value !== "string") return;
  checkAddresses(scope, value, pointer);
  const codes = codesOfColumn(table, column);
  if (codes !== undefined && !Object.hasOwn(codes, value) && !/^-?\d+$/.test(value)) {
    scope.sink.unknown(pointer, `word of column \`${column}\` called`, {
      word: value,
      allowed: Object.keys(codes),
    });
  } else if (codes === undefined && kind === "number" && !/^-?\d+(\.\d+)?$/.test(value)) {
    scope.sink.report(pointer, {
      code: "case/type",
      what: `the column \`${column}\` holds numbers, not the text \`${value}\``,
    });
  }
}

/** Checks `tables`: names of tables, then each row. */
export function checkTables(scope: Scope, tables: RawSection, pointer: string): void {
  for (const [table, rows] of Object.entries(tables)) {
    const at = pointerTo(pointer, table);
    if (columnsOf(table) === undefined) {
      scope.sink.unknown(keyPointer(at), "table", { word: table, allowed: TABLE_NAMES });
      continue;
    }
    const list: readonly Json[] = Array.isArray(rows) ? rows : [];
    for (const [index, row] of list.entries()) {
      if (isRecord(row)) checkColumns(scope, { table, row, pointer: `${at}/${index}` });
    }
  }
}
