/** A task in the graph of a workflow. */
export interface GraphNode {
  readonly code: number;
  readonly name: string;
  /** Codes of the tasks that come right before it, all of which it waits for. */
  readonly predecessors: readonly number[];
}

/** The tasks that one run of a workflow covers, each after all its predecessors. */
export interface WorkflowGraph {
  readonly nodes: readonly GraphNode[];
}

/** A definition that cannot be run. The message says why. */
export class GraphError extends Error {
  override readonly name = "GraphError";
}

export interface GraphSource {
  readonly tasks: readonly { readonly code: number; readonly name: string }[];
  /** `pre` 0: a root. */
  readonly relations: readonly { readonly pre: number; readonly post: number }[];
  /** Codes to start from; empty: everything. */
  readonly startCodes: readonly number[];
  /** With start codes: only them, them and what comes before, or them and what comes after. */
  readonly depend: "TASK_ONLY" | "TASK_PRE" | "TASK_POST";
}

function reach(from: readonly number[], next: (code: number) => readonly number[]): ReadonlySet<number> {
  const seen = new Set<number>();
  const queue = [...from];
  for (let code = queue.pop(); code !== undefined; code = queue.pop()) {
    if (seen.has(code)) continue;
    seen.add(code);
    queue.push(...next(code));
  }
  return seen;
}

function covered(source: GraphSource, edges: readonly { pre: number; post: number }[]): ReadonlySet<number> {
  if (source.startCodes.length === 0) return new Set(source.tasks.map((task) => task.code));
  switch (source.depend) {
    case "TASK_ONLY":
      return new Set(source.startCodes);
    case "TASK_PRE":
      return reach(source.startCodes, (code) =>
        edges.filter((edge) => edge.post === code).map((edge) => edge.pre),
      );
    case "TASK_POST":
      return reach(source.startCodes, (code) =>
        edges.filter((edge) => edge.pre === code).map((edge) => edge.post),
      );
  }
}

/** Builds the graph in topological order. Throws GraphError for a cycle or an edge to a task that is not there. */
export function buildGraph(source: GraphSource): WorkflowGraph {
  const names = new Map(source.tasks.map((task) => [task.code, task.name]));
  const edges = source.relations.filter((edge) => edge.pre !== 0);
  const unknown = [...edges.flatMap((edge) => [edge.pre, edge.post]), ...source.startCodes].find(
    (code) => !names.has(code),
  );
  if (unknown !== undefined) throw new GraphError(`the definition has no task with the code ${unknown}`);
  const wanted = covered(source, edges);
  const predecessors = new Map<number, number[]>();
  for (const code of wanted) predecessors.set(code, []);
  for (const { pre, post } of edges) {
    if (wanted.has(pre)) predecessors.get(post)?.push(pre);
  }
  const nodes: GraphNode[] = [];
  const placed = new Set<number>();
  while (placed.size < wanted.size) {
    const ready = [...predecessors].filter(
      ([code, before]) => !placed.has(code) && before.every((pre) => placed.has(pre)),
    );
    if (ready.length === 0) throw new GraphError("the definition has a cycle");
    for (const [code, before] of ready) {
      placed.add(code);
      nodes.push({ code, name: names.get(code) ?? String(code), predecessors: [...new Set(before)] });
    }
  }
  return { nodes };
}
