import {
  ALERT_STATUS_CODES,
  ALERT_TYPE_CODES,
  COMMAND_TYPE_CODES,
  EXECUTION_TYPE_CODES,
  FAILURE_STRATEGY_CODES,
  FLAG_CODES,
  PRIORITY_CODES,
  TASK_DEPEND_TYPE_CODES,
  TASK_STATE_CODES,
  TIMEOUT_STRATEGY_CODES,
  WORKFLOW_STATE_CODES,
} from "../../src/model/index.ts";
import type { Json, RawSection } from "../case/resolved-case.ts";

export type Cell = string | number | boolean | null;

/** A row to insert, by column name. A column that is left out takes its default. */
export type SeedRow = Readonly<Record<string, Cell>>;

/** Rows of one table, inserted with one statement. */
export interface TableRows {
  readonly table: string;
  readonly rows: readonly SeedRow[];
}

type Codes = Readonly<Record<string, number>>;

/** Enums that mean the same in every table that has a column of this name. */
const ENUM_COLUMNS: Readonly<Record<string, Codes>> = {
  alert_status: ALERT_STATUS_CODES,
  alert_type: ALERT_TYPE_CODES,
  command_type: COMMAND_TYPE_CODES,
  execution_type: EXECUTION_TYPE_CODES,
  failure_strategy: FAILURE_STRATEGY_CODES,
  flag: FLAG_CODES,
  is_cache: FLAG_CODES,
  is_sub_workflow: FLAG_CODES,
  pre_failover_state: WORKFLOW_STATE_CODES,
  recovery: FLAG_CODES,
  release_state: { OFFLINE: 0, ONLINE: 1 },
  task_depend_type: TASK_DEPEND_TYPE_CODES,
  task_execute_type: { BATCH: 0, STREAM: 1 },
  task_instance_priority: PRIORITY_CODES,
  task_priority: PRIORITY_CODES,
  timeout_flag: { CLOSE: 0, OPEN: 1 },
  timeout_notify_strategy: TIMEOUT_STRATEGY_CODES,
  warning_type: { NONE: 0, SUCCESS: 1, FAILURE: 2, ALL: 3 },
  workflow_instance_priority: PRIORITY_CODES,
};

/** `state` is the one enum whose meaning depends on the table. */
const STATE_COLUMNS: Readonly<Record<string, Codes>> = {
  t_ds_workflow_instance: WORKFLOW_STATE_CODES,
  t_ds_task_instance: TASK_STATE_CODES,
};

/** What a raw value of a case becomes in a column: enum words their codes, node names addresses, maps JSON text. */
export function cellOf(table: string, column: string, value: Json, addresses: Addresses): Cell {
  if (value === null || typeof value === "number") return value;
  const codes = column === "state" ? STATE_COLUMNS[table] : ENUM_COLUMNS[column];
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
