import { clusterRows } from "./cluster-rows.ts";
import { commandRows } from "./command-rows.ts";
import { definitionRows } from "./definition-rows.ts";
import { fixtureRows } from "./fixture-rows.ts";
import { gateRows } from "./gate-rows.ts";
import { instanceRows } from "./instance-rows.ts";
import type { SeedContext } from "./seed-context.ts";
import { rowOf, type SeedRow, type TableRows } from "./seed-row.ts";

/** All rows that a case starts with, one entry per table. Raw tables come last. Pure: nothing is written here. */
export function planRows(context: SeedContext): TableRows[] {
  const raw = Object.entries(context.case.database.tables).map(([table, rows]) => ({
    table,
    rows: rows.map((row) => rowOf(table, row, context.addresses)),
  }));
  const planned = [
    ...clusterRows(context),
    ...definitionRows(context),
    ...instanceRows(context),
    ...gateRows(context),
    ...commandRows(context),
    ...fixtureRows(context),
  ];
  return [...mergeByTable(planned), ...raw.filter(({ rows }) => rows.length > 0)];
}

/** One statement per table: rows of the same table go together, in the order in which they came. */
function mergeByTable(planned: readonly TableRows[]): TableRows[] {
  const byTable = new Map<string, SeedRow[]>();
  for (const { table, rows } of planned) {
    if (rows.length === 0) continue;
    byTable.set(table, [...(byTable.get(table) ?? []), ...rows]);
  }
  return [...byTable].map(([table, rows]) => ({ table, rows }));
}
