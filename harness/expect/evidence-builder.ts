import {
  type EventBody,
  TASK_STATE_CODES,
  type TaskState,
  WORKFLOW_STATE_CODES,
  type WorkflowState,
} from "../../src/model/index.ts";
import type { RawSection, ResolvedCase } from "../case/resolved-case.ts";
import type {
  Evidence,
  HistoryEvent,
  NodeLife,
  NodeRecord,
  RegistryRecord,
  Row,
  Snapshot,
  StepRecord,
  TaskStart,
} from "../observe/evidence.ts";

/** Evidence made by hand, for tests: a cluster of two masters and two workers that ran the workflow "etl". */

const NODES = ["master-1", "master-2", "worker-1", "worker-2"] as const;
export type ExampleNode = (typeof NODES)[number];

/** "127.0.0.1:5001" and so on. */
export const addressOf = (name: ExampleNode): string => `127.0.0.1:${5001 + NODES.indexOf(name)}`;
/** The first process life of a node. */
export const incarnationOf = (name: ExampleNode): string => `${name}-first-life`;

export const WORKFLOW_CODE = 10;

export function life(name: ExampleNode, more: Partial<NodeLife> = {}): NodeLife {
  return {
    pid: 100 + NODES.indexOf(name),
    incarnation: incarnationOf(name),
    startedAtMs: 0,
    readyAtMs: 100,
    endedAtMs: undefined,
    exitCode: undefined,
    signal: undefined,
    endedBy: undefined,
    pauses: [],
    ...more,
  };
}

/** The four nodes; the lives of some replaced. */
export function nodes(lives: Partial<Record<ExampleNode, readonly NodeLife[]>> = {}): readonly NodeRecord[] {
  return NODES.map((name) => ({
    name,
    kind: name.startsWith("master") ? "master" : "worker",
    address: addressOf(name),
    lives: lives[name] ?? [life(name)],
  }));
}

export function step(id: string, more: Partial<StepRecord> = {}): StepRecord {
  return {
    id,
    pointer: "/inject/0",
    action: "kill",
    firedAtMs: 1000,
    landedAtMs: 1010,
    undoneAtMs: undefined,
    hit: [],
    proof: undefined,
    ...more,
  };
}

let sequence = 0;

/** An event that a node told. */
export function told(
  name: ExampleNode,
  atMs: number,
  body: EventBody,
  incarnation = incarnationOf(name),
): HistoryEvent {
  sequence += 1;
  return {
    ...body,
    source: "node",
    nodeName: name,
    node: addressOf(name),
    incarnation,
    atMs,
    seq: sequence,
    wallMs: atMs,
    monoMs: atMs,
  };
}

export function instanceRow(id: number, state: WorkflowState, more: Row = {}): Row {
  return {
    id,
    workflow_definition_code: WORKFLOW_CODE,
    state: WORKFLOW_STATE_CODES[state],
    end_time: ["SUCCESS", "FAILURE", "STOP", "PAUSE"].includes(state) ? "2026-01-01T00:00:09.000Z" : null,
    host: addressOf("master-1"),
    owner_incarnation: incarnationOf("master-1"),
    owner_epoch: 1,
    run_times: 1,
    command_type: 0,
    history_cmd: "START_PROCESS",
    global_params: "[]",
    ...more,
  };
}

/** An attempt of instance 1. */
export function attemptRow(id: number, task: string, state: TaskState, more: Row = {}): Row {
  return {
    id,
    name: task,
    workflow_instance_id: 1,
    state: TASK_STATE_CODES[state],
    flag: 1,
    retry_times: 0,
    host: addressOf("worker-1"),
    end_time: null,
    written_epoch: 0,
    sub_workflow_instance_id: null,
    ...more,
  };
}

export function start(task: string, more: Partial<TaskStart> = {}): TaskStart {
  return {
    workflow: "etl",
    task,
    workflowInstanceId: 1,
    taskInstanceId: 1,
    run: 1,
    startedAtMs: 1000,
    finishedAtMs: 1500,
    exitCode: 0,
    overlaps: [],
    node: addressOf("worker-1"),
    alive: false,
    ...more,
  };
}

export function ephemeral(path: string, sessionId: string | null, value = ""): RegistryRecord {
  return { path, value, sessionId, ephemeral: sessionId !== null, kind: "entry" };
}

/** Tables of "etl": extract, then load; and its rows. */
export function tables(
  instances: readonly Row[],
  attempts: readonly Row[],
  more: Snapshot["tables"] = {},
): Snapshot["tables"] {
  return {
    t_ds_workflow_definition: [{ id: 1, code: WORKFLOW_CODE, name: "etl", execution_type: 0 }],
    t_ds_task_definition: [
      { id: 1, code: 101, name: "extract", task_type: "SHELL" },
      { id: 2, code: 102, name: "load", task_type: "SHELL" },
    ],
    t_ds_workflow_task_relation: [
      { id: 1, workflow_definition_code: WORKFLOW_CODE, pre_task_code: 0, post_task_code: 101 },
      { id: 2, workflow_definition_code: WORKFLOW_CODE, pre_task_code: 101, post_task_code: 102 },
    ],
    t_ds_workflow_instance: instances,
    t_ds_task_instance: attempts,
    t_ds_command: [],
    t_ds_error_command: [],
    t_ds_alert: [],
    ...more,
  };
}

export interface EvidenceParts {
  readonly expect?: RawSection;
  readonly case?: Partial<ResolvedCase>;
  readonly instances?: readonly Row[];
  readonly attempts?: readonly Row[];
  /** More tables, or others in place of those of "etl". */
  readonly tables?: Snapshot["tables"];
  readonly snapshot?: Partial<Snapshot>;
  readonly evidence?: Partial<Evidence>;
}

/** By default: "etl" ran once and ended well, and nothing was expected. */
export function evidenceOf(parts: EvidenceParts = {}): Evidence {
  const instances = parts.instances ?? [instanceRow(1, "SUCCESS")];
  const attempts = parts.attempts ?? [attemptRow(1, "extract", "SUCCESS"), attemptRow(2, "load", "SUCCESS")];
  return {
    case: { ...exampleCase(), expect: parts.expect ?? {}, ...parts.case },
    tier: "embedded",
    registryKind: "jdbc",
    sessionTimeoutMs: 1000,
    seed: 7,
    workDirectory: "work",
    nodes: nodes(),
    steps: [],
    history: [],
    trouble: undefined,
    ...parts.evidence,
    snapshot: {
      atMs: 10_000,
      tables: tables(instances, attempts, parts.tables),
      registry: [],
      starts: [],
      processes: [],
      logs: {},
      ...parts.snapshot,
    },
  };
}

function exampleCase(): ResolvedCase {
  return {
    file: "cases/example.yaml",
    name: "an example",
    combination: "",
    tags: [],
    refs: [],
    requires: { registry: [], environment: [], capabilities: [] },
    xfail: undefined,
    cluster: { nodes: [], groups: {} },
    database: {
      workflows: [],
      instances: [],
      commands: [],
      taskGroups: {},
      alertGroups: {},
      environments: {},
      fixture: undefined,
      tables: {},
    },
    registry: { registered: [], locks: {}, markers: [], entries: {} },
    steps: [],
    expect: {},
    unsupported: [],
    positions: {},
  };
}
