import type { NodeEvent, TaskState } from "../../src/model/index.ts";
import type { InstanceRef } from "../case/resolved-case.ts";
import type { Evidence, HistoryEvent, NodeLife, NodeRecord, Row } from "../observe/evidence.ts";
import { groupBy } from "./group-by.ts";
import { wordIn } from "./words.ts";

/** An attempt of a task: a row of t_ds_task_instance. */
export interface AttemptFact {
  readonly id: number;
  readonly task: string;
  readonly state: string;
  readonly valid: boolean;
  readonly retryTimes: number;
  readonly row: Row;
}

/** A workflow instance with its attempts, both in the order of ids. */
export interface InstanceFact {
  readonly id: number;
  readonly workflow: string;
  /** Its number among the instances of its workflow, from 1. */
  readonly ordinal: number;
  /** "etl", or "etl#2" where the workflow has several. */
  readonly name: string;
  readonly state: string;
  readonly row: Row;
  readonly attempts: readonly AttemptFact[];
}

type NodeHistoryEvent = Extract<HistoryEvent, { source: "node" }>;
type WithType<E, T> = E extends { readonly type: infer U }
  ? T extends U
    ? E & { readonly type: T }
    : never
  : never;
type EventOf<T extends NodeEvent["type"]> = WithType<NodeHistoryEvent, T>;

/** A process life of a node, with the node. */
export interface LifeFact extends NodeLife {
  readonly node: NodeRecord;
}

/** The evidence with its rows joined and its words put in. Made once for all sections and invariants. */
export interface Facts {
  readonly evidence: Evidence;
  readonly instances: readonly InstanceFact[];
  /** Rows of a table; none when the table does not exist. */
  rows(table: string): readonly Row[];
  workflowNameOf(code: Row[string] | undefined): string;
  instanceById(id: number): InstanceFact | undefined;
  /** The instances that a reference means: with an ordinal at most one. */
  instancesOf(ref: InstanceRef): readonly InstanceFact[];
  /** Events of nodes of one type, by time. */
  events<T extends NodeEvent["type"]>(type: T): readonly EventOf<T>[];
  /** Events of one workflow instance of one type, by time. */
  eventsOf<T extends NodeEvent["type"]>(instanceId: number, type: T): readonly EventOf<T>[];
  /** Instances that some node said something about. */
  readonly touched: ReadonlySet<number>;
  nodeByName(name: string): NodeRecord | undefined;
  nodeByAddress(address: string): NodeRecord | undefined;
  lifeOf(incarnation: string): LifeFact | undefined;
  /** Node names instead of addresses and incarnations, for people. */
  nameOf(addressOrIncarnation: string): string;
}

export const numberIn = (row: Row, column: string): number => Number(row[column] ?? 0);
export const textIn = (row: Row, column: string): string => String(row[column] ?? "");

export function factsOf(evidence: Evidence): Facts {
  const rows = (table: string): readonly Row[] => evidence.snapshot.tables[table] ?? [];
  const names = new Map(rows("t_ds_workflow_definition").map((row) => [row["code"], textIn(row, "name")]));
  const workflowNameOf = (code: Row[string] | undefined): string =>
    names.get(code ?? null) ?? `workflow ${code}`;
  const instances = joinInstances(rows, workflowNameOf);
  const lives = evidence.nodes.flatMap((node) => node.lives.map((life): LifeFact => ({ ...life, node })));
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  const byInstance = groupBy(evidence.history, (event) =>
    "workflowInstanceId" in event ? event.workflowInstanceId : undefined,
  );
  const byType = groupBy(evidence.history, (event) => event.type);
  const nodeByAddress = (address: string): NodeRecord | undefined =>
    evidence.nodes.find((node) => node.address === address);
  const lifeOf = (incarnation: string): LifeFact | undefined =>
    incarnation === "" ? undefined : lives.find((life) => life.incarnation === incarnation);
  return {
    evidence,
    instances,
    rows,
    workflowNameOf,
    instanceById: (id) => byId.get(id),
    instancesOf: ({ workflow, ordinal }) =>
      instances.filter((one) => one.workflow === workflow && (ordinal === null || one.ordinal === ordinal)),
    events: <T extends NodeEvent["type"]>(type: T) =>
      (byType.get(type) ?? []).filter((event): event is EventOf<T> => event.source === "node"),
    eventsOf: <T extends NodeEvent["type"]>(instanceId: number, type: T) =>
      (byInstance.get(instanceId) ?? []).filter(
        (event): event is EventOf<T> => event.source === "node" && event.type === type,
      ),
    touched: new Set([...byInstance.keys()].filter((id) => id !== undefined)),
    nodeByName: (name) => evidence.nodes.find((node) => node.name === name),
    nodeByAddress,
    lifeOf,
    nameOf: (text) => (nodeByAddress(text) ?? lifeOf(text)?.node)?.name ?? text,
  };
}

function joinInstances(
  rows: Facts["rows"],
  workflowNameOf: Facts["workflowNameOf"],
): readonly InstanceFact[] {
  const byId = (one: Row, other: Row): number => numberIn(one, "id") - numberIn(other, "id");
  const attempts = groupBy([...rows("t_ds_task_instance")].sort(byId), (row) =>
    numberIn(row, "workflow_instance_id"),
  );
  const instances = [...rows("t_ds_workflow_instance")].sort(byId);
  const workflowOf = (row: Row): string => workflowNameOf(row["workflow_definition_code"]);
  const counts = new Map<string, number>();
  for (const row of instances) counts.set(workflowOf(row), (counts.get(workflowOf(row)) ?? 0) + 1);
  const seen = new Map<string, number>();
  return instances.map((row): InstanceFact => {
    const workflow = workflowOf(row);
    const ordinal = (seen.get(workflow) ?? 0) + 1;
    seen.set(workflow, ordinal);
    return {
      id: numberIn(row, "id"),
      workflow,
      ordinal,
      name: (counts.get(workflow) ?? 0) > 1 ? `${workflow}#${ordinal}` : workflow,
      state: String(wordIn("t_ds_workflow_instance", "state", row["state"])),
      row,
      attempts: (attempts.get(numberIn(row, "id")) ?? []).map(toAttempt),
    };
  });
}

function toAttempt(row: Row): AttemptFact {
  return {
    id: numberIn(row, "id"),
    task: textIn(row, "name"),
    state: String(wordIn("t_ds_task_instance", "state", row["state"])),
    valid: numberIn(row, "flag") === 1,
    retryTimes: numberIn(row, "retry_times"),
    row,
  };
}

const UNFINISHED_WORKFLOW = new Set([
  "SUBMITTED_SUCCESS",
  "RUNNING_EXECUTION",
  "READY_PAUSE",
  "READY_STOP",
  "SERIAL_WAIT",
  "WAIT_TO_RUN",
  "FAILOVER",
]);
const UNFINISHED_TASK: ReadonlySet<string> = new Set<TaskState>([
  "SUBMITTED_SUCCESS",
  "RUNNING_EXECUTION",
  "DELAY_EXECUTION",
  "DISPATCH",
]);

/** Own lists, not those of src/model: the judge does not take the word of what it judges. */
export const isUnfinishedWorkflow = (state: string): boolean => UNFINISHED_WORKFLOW.has(state);
export const isUnfinishedTask = (state: string): boolean => UNFINISHED_TASK.has(state);
