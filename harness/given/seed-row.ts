import { codesOfColumn } from "../case/index.ts";
import type { Json, RawSection } from "../case/resolved-case.ts";

export type Cell = string | number | boolean | null;

/** A row to insert, by column name. A column that is left out takes its default. */
export type SeedRow = Readonly<Record<string, Cell>>;

/** Rows of one table, inserted with one statement. */
export interface TableRows {
  readonly table: string;
  readonly rows: readonly SeedRow[];
}

/** What a raw value of a case becomes in a column: enum words their codes, node names addresses, maps JSON text. */
export function cellOf(table: string, column: string, value: Json, addresses: Addresses): Cell {
  if (value === null || typeof value === "number") return value;
  const codes = codesOfColumn(table, column);
  if (typeof value === "boolean") return codes === undefined ? value : Number(value);
  if (typeof value === "string") return codes?.[value] ?? withAddresses(value, addresses);
  return withAddresses(JSON.stringify(value), addresses);
}

/** A raw row of a case as a row to insert. */
export function rowOf(table: string, raw: RawSection, addresses: Addresses): SeedRow {
  const cells = Object.entries(raw).map(([column, value]) => [
    column,
    cellOf(table, column, value, addresses),
  ]);
  return Object.fromEntries(cells) as SeedRow;
}

/** Address by node name. */
export type Addresses = Readonly<Record<string, string>>;

/** Replaces `<master-1>` by the address of that node; other angle brackets stay. */
export function withAddresses(text: string, addresses: Addresses): string {
  return text.replaceAll(/<([a-z-]+-\d+)>/g, (whole, name: string) => addresses[name] ?? whole);
}

/** A `timestamp` column's text: UTC, milliseconds. */
export function timestamp(wallMs: number): string {
  return new Date(wallMs).toISOString().replace("T", " ").replace("Z", "");
}

/** The text of a scalar; empty for anything else. */
export function textOf(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
