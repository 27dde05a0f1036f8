import type {
  AttemptSeed,
  CaseNode,
  CommandRequest,
  Duration,
  InstanceSeed,
  NodeSettings,
  ResolvedCase,
  StartOptions,
  TaskDefinition,
  WorkflowDefinition,
} from "../case/resolved-case.ts";

/** Parts of a resolved case with everything that a test does not care about filled in. For tests only. */

export function ms(value: number): Duration {
  return { unit: "ms", value };
}

const SETTINGS: NodeSettings = {
  sessionTimeoutMs: 1000,
  failoverDelay: ms(0),
  failoverBatch: 1000,
  reconcileInterval: { unit: "sessions", value: 2 },
  disconnectStrategy: "STOP",
  respawn: false,
  fastDetection: true,
  loadBalancer: "ROUND_ROBIN",
  taskSlots: 100,
  weight: 100,
  busyAbove: 1,
  dispatchTimeout: ms(0),
  shutdownGrace: ms(3000),
  alertWindow: ms(0),
};

export function exampleNode(name: string, absent = false): CaseNode {
  const kind = name.startsWith("master") ? "master" : "worker";
  return { name, kind, absent, settings: SETTINGS };
}

export function exampleTask(name: string, more: Partial<TaskDefinition> = {}): TaskDefinition {
  return {
    name,
    pointer: "",
    action: { kind: "run", script: "exit 0" },
    after: [],
    retries: 0,
    retryInterval: ms(0),
    delay: ms(0),
    timeout: undefined,
    timeoutStrategy: "WARN",
    priority: "MEDIUM",
    workerGroup: "default",
    taskGroup: undefined,
    taskGroupPriority: 0,
    environment: undefined,
    in: {},
    out: [],
    columns: {},
    ...more,
  };
}

export function exampleWorkflow(name: string, tasks: readonly TaskDefinition[]): WorkflowDefinition {
  return {
    name,
    pointer: "",
    tasks,
    params: {},
    executionType: "PARALLEL",
    timeout: undefined,
    timeoutStrategy: "WARN",
    columns: {},
  };
}

export function exampleInstance(workflow: string, more: Partial<InstanceSeed> = {}): InstanceSeed {
  return {
    pointer: "",
    workflow,
    ordinal: 1,
    state: "RUNNING_EXECUTION",
    host: null,
    parent: undefined,
    params: {},
    runTimes: 1,
    startedAgo: undefined,
    restartedAgo: undefined,
    id: undefined,
    columns: {},
    tasks: [],
    ...more,
  };
}

export function exampleAttempt(more: Partial<AttemptSeed> = {}): AttemptSeed {
  return {
    pointer: "",
    state: "RUNNING_EXECUTION",
    flag: "YES",
    host: null,
    retryTimes: 0,
    child: undefined,
    out: {},
    firstSubmittedAgo: undefined,
    submittedAgo: undefined,
    startedAgo: undefined,
    endedAgo: undefined,
    id: undefined,
    columns: {},
    ...more,
  };
}

const OPTIONS: StartOptions = {
  params: {},
  startNodes: [],
  taskDependType: undefined,
  priority: undefined,
  dryRun: false,
  workerGroup: undefined,
  alertGroup: undefined,
  failureStrategy: undefined,
};

export function exampleStart(workflow: string, options: Partial<StartOptions> = {}): CommandRequest {
  return { kind: "start", workflow, options: { ...OPTIONS, ...options } };
}

export function exampleFailover(workflow: string): CommandRequest {
  const instance = { workflow, ordinal: null };
  return { kind: "failover", instance, was: "RUNNING_EXECUTION", options: OPTIONS };
}

interface ExampleParts {
  readonly nodes?: readonly CaseNode[];
  readonly database?: Partial<ResolvedCase["database"]>;
  readonly registry?: Partial<ResolvedCase["registry"]>;
}

export function exampleCase({ nodes = [], database = {}, registry = {} }: ExampleParts): ResolvedCase {
  return {
    file: "cases/example.yaml",
    name: "an example",
    combination: "",
    tags: [],
    refs: [],
    requires: { registry: [], environment: [], capabilities: [] },
    xfail: undefined,
    cluster: { nodes, groups: {} },
    database: {
      workflows: [],
      instances: [],
      commands: [],
      taskGroups: {},
      alertGroups: {},
      environments: {},
      fixture: undefined,
      tables: {},
      ...database,
    },
    registry: { registered: [], locks: {}, markers: [], entries: {}, ...registry },
    steps: [],
    expect: {},
    unsupported: [],
    positions: {},
  };
}
