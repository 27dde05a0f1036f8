import { type Facts, numberIn, textIn } from "./facts.ts";

/** An edge of a workflow's graph, by task names. */
export interface Edge {
  readonly from: string;
  readonly to: string;
}

export interface WorkflowGraph {
  readonly edges: readonly Edge[];
  /** Type of each task: "SHELL", "CONDITIONS". */
  readonly types: ReadonlyMap<string, string>;
}

/** The graph of a workflow as its definition in the database says. */
export function graphOf(workflow: string, facts: Facts): WorkflowGraph {
  const definition = facts.rows("t_ds_workflow_definition").find((row) => textIn(row, "name") === workflow);
  const code = definition?.["code"] ?? null;
  const definitions = new Map(facts.rows("t_ds_task_definition").map((row) => [row["code"] ?? null, row]));
  const nameOf = (taskCode: unknown): string | undefined => {
    const row = typeof taskCode === "number" ? definitions.get(taskCode) : undefined;
    return row === undefined ? undefined : textIn(row, "name");
  };
  const relations = facts
    .rows("t_ds_workflow_task_relation")
    .filter((row) => code !== null && row["workflow_definition_code"] === code);
  const edges = relations.flatMap((row): readonly Edge[] => {
    const from = nameOf(numberIn(row, "pre_task_code"));
    const to = nameOf(numberIn(row, "post_task_code"));
    return from === undefined || to === undefined ? [] : [{ from, to }];
  });
  const tasks = relations.map((row) => definitions.get(row["post_task_code"] ?? null));
  const types = tasks.flatMap((row) =>
    row === undefined ? [] : [[textIn(row, "name"), textIn(row, "task_type")] as const],
  );
  return { edges, types: new Map(types) };
}
