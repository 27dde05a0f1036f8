import type { SqlExecutor } from "./database.ts";

/** A workflow definition that an operator may start. */
export interface DefinitionRow {
  readonly code: number;
  readonly name: string | null;
  readonly version: number;
  readonly projectCode: number | null;
  /** 0 OFFLINE, 1 ONLINE. */
  readonly releaseState: number | null;
  readonly description: string | null;
}

/** The newest version of each definition with this code or this name; all of them without either. */
export async function selectDefinitions(
  sql: SqlExecutor,
  by: { readonly code?: number; readonly name?: string; readonly limit: number },
): Promise<readonly DefinitionRow[]> {
  const { rows } = await sql.query<DefinitionRow>(
    `SELECT DISTINCT ON (code) code, name, version, project_code AS "projectCode", release_state AS "releaseState",
       description
     FROM t_ds_workflow_definition
     WHERE ($1::bigint IS NULL OR code = $1) AND ($2::text IS NULL OR name = $2)
     ORDER BY code, version DESC LIMIT $3`,
    [by.code ?? null, by.name ?? null, by.limit],
  );
  return rows;
}
