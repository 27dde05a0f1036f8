import type { ColumnKind } from "../vocabulary/table-catalogue.ts";

/** Kinds of columns by table, as the migrations make them. */
export type MigratedTables = ReadonlyMap<string, ReadonlyMap<string, ColumnKind>>;

const KINDS: Readonly<Record<string, ColumnKind>> = {
  serial: "number",
  bigserial: "number",
  int: "number",
  bigint: "number",
  smallint: "number",
  text: "text",
  varchar: "text",
  uuid: "text",
  json: "text",
  jsonb: "text",
  timestamp: "time",
  boolean: "boolean",
};

/** Splits at the commas that stand in no parentheses. */
function splitAtCommas(text: string): readonly string[] {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "(") depth += 1;
    if (letter === ")") depth -= 1;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] = `${parts.at(-1) ?? ""}${letter}`;
  }
  return parts.map((part) => part.trim());
}

function addColumn(columns: Map<string, ColumnKind>, definition: string, table: string): void {
  const [, name, type] = /^([a-z_]\w*)\s+([a-z]+)/.exec(definition) ?? [];
  // UNIQUE (...), PRIMARY KEY (...), CHECK (...), CONSTRAINT ... are no columns.
  if (name === undefined || type === undefined) return;
  const kind = KINDS[type];
  if (kind === undefined) throw new Error(`${table}.${name} has the type ${type}, which has no kind here`);
  columns.set(name, kind);
}

function createTable(tables: Map<string, Map<string, ColumnKind>>, name: string, body: string): void {
  const columns = new Map<string, ColumnKind>();
  for (const part of splitAtCommas(body)) {
    const like = /^LIKE (\w+)/.exec(part)?.[1];
    if (like === undefined) addColumn(columns, part, name);
    else for (const [column, kind] of tables.get(like) ?? []) columns.set(column, kind);
  }
  tables.set(name, columns);
}

function alterTable(tables: Map<string, Map<string, ColumnKind>>, name: string, changes: string): void {
  const columns = tables.get(name);
  if (columns === undefined) throw new Error(`a migration alters ${name}, which none has made`);
  for (const change of splitAtCommas(changes)) {
    const added = /^ADD COLUMN (?:IF NOT EXISTS )?(.*)$/s.exec(change)?.[1];
    if (added !== undefined) addColumn(columns, added, name);
    const dropped = /^DROP COLUMN (?:IF EXISTS )?(\w+)/.exec(change)?.[1];
    if (dropped !== undefined) columns.delete(dropped);
  }
}

/** What the SQL of the migrations, one after the other, leaves behind: CREATE TABLE and ALTER TABLE of t_ds_ tables. */
export function readMigratedColumns(sql: string): MigratedTables {
  const tables = new Map<string, Map<string, ColumnKind>>();
  const bare = sql.replaceAll(/--[^\n]*/g, "").replaceAll(/\$\{[^}]*\}/g, "0");
  for (const statement of bare.split(/;/)) {
    const made = /CREATE TABLE (?:IF NOT EXISTS )?(t_ds_\w+) \((.*)\)(?: WITH \([^)]*\))?\s*$/s.exec(
      statement,
    );
    const altered = /ALTER TABLE (?:IF EXISTS )?(t_ds_\w+)\s+(.*)$/s.exec(statement);
    if (made !== null) createTable(tables, made[1] ?? "", made[2] ?? "");
    else if (altered !== null) alterTable(tables, altered[1] ?? "", altered[2] ?? "");
  }
  return tables;
}
