import type { Client } from "pg";
import { errorMessage } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import type { Cell, SeedRow, TableRows } from "./seed-row.ts";

/** Postgres counts parameters of a statement in 16 bits. */
const MAX_PARAMETERS = 60_000;

/**
 * Inserts all rows in one transaction, one statement per table, and moves every sequence past the ids that came with
 * the rows. Throws HarnessError (`case/rows`) when the database refuses a row: a case may damage rows, not break types.
 */
export async function insertRows(client: Client, tables: readonly TableRows[]): Promise<void> {
  await client.query("BEGIN");
  try {
    for (const { table, rows } of tables) {
      for (const part of inParts(rows)) await insertPart(client, table, part);
    }
    await moveSequences(client, tables);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

async function insertPart(client: Client, table: string, rows: readonly SeedRow[]): Promise<void> {
  const { text, values } = insertStatement(table, rows);
  try {
    await client.query(text, values);
  } catch (error) {
    throw new HarnessError([
      {
        code: "case/rows",
        what: `the database refuses the rows of ${table}: ${errorMessage(error)}`,
        why: "a column that does not exist, a value of another type, or two rows with one key",
        fix: "look at `columns` and `tables` of the case; src/store/migrations has the columns of each table",
      },
    ]);
  }
}

/** The statement for rows that need not have the same columns: what a row lacks is DEFAULT. */
export function insertStatement(
  table: string,
  rows: readonly SeedRow[],
): { readonly text: string; readonly values: Cell[] } {
  const columns = columnsOf(rows);
  const values: Cell[] = [];
  const tuples = rows.map((row) => {
    const cells = columns.map((column) => {
      const cell = row[column];
      if (cell === undefined) return "DEFAULT";
      values.push(cell);
      return `$${values.length}`;
    });
    return `(${cells.join(",")})`;
  });
  const names = columns.map(quoted).join(",");
  return { text: `INSERT INTO ${quoted(table)} (${names}) VALUES ${tuples.join(",")}`, values };
}

function columnsOf(rows: readonly SeedRow[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function inParts(rows: readonly SeedRow[]): readonly (readonly SeedRow[])[] {
  const size = Math.max(1, Math.floor(MAX_PARAMETERS / Math.max(1, columnsOf(rows).length)));
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
}

/** Without this the scheduler's first own row would take an id that the case has used. */
async function moveSequences(client: Client, tables: readonly TableRows[]): Promise<void> {
  const moved = new Set(
    tables.filter(({ rows }) => rows.some(({ id }) => id !== undefined)).map(({ table }) => table),
  );
  const moves = [...moved].map((table) => {
    const sequence = `pg_get_serial_sequence('${table}', 'id')`;
    return `setval(${sequence}, (SELECT max(id) FROM ${quoted(table)}))`;
  });
  if (moves.length > 0) await client.query(`SELECT ${moves.join(", ")}`);
}
