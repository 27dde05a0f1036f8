import type { FailpointName } from "../../src/base/index.ts";
import type {
  CaseEventType,
  ExecutionType,
  FailureStrategy,
  Flag,
  Priority,
  TaskDependType,
  TaskState,
  TimeoutStrategy,
  WorkflowState,
} from "../../src/model/index.ts";
import type { PositionTable, Verdict } from "../base/index.ts";

/**
 * A case as the rest of the harness works with it: files merged (`use`), one matrix combination filled in, short forms
 * written out, names checked. Plain data: it is stored beside the evidence, and `failover judge` reads it back.
 * `pointer` is a JSON pointer into the effective document; `positions` says which line wrote it.
 */
export interface ResolvedCase {
  readonly file: string;
  readonly name: string;
  /** Which matrix combination, in words ("order=stop n=3"); empty when there is no matrix. */
  readonly combination: string;
  readonly tags: readonly string[];
  readonly refs: readonly string[];
  readonly requires: Requirements;
  readonly xfail: ExpectedFailure | undefined;
  readonly cluster: ResolvedCluster;
  readonly database: ResolvedDatabase;
  readonly registry: ResolvedRegistry;
  readonly steps: readonly Step[];
  /** The section as written (matrix and `use` applied): matchers stay what they are, the judge reads them. */
  readonly expect: RawSection;
  /** Why it cannot run in this version, if so: an action or feature that is not there yet. Verdict SKIP. */
  readonly unsupported: readonly { readonly reason: string; readonly pointer: string }[];
  readonly positions: PositionTable;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type RawSection = { readonly [key: string]: Json };

export interface Requirements {
  readonly registry: readonly ("zookeeper" | "etcd" | "jdbc")[];
  readonly environment: readonly ("containers" | "embedded" | "simulated")[];
  readonly capabilities: readonly ("own-service" | "standby-database" | "clock" | "disk" | "cpu")[];
}

export interface ExpectedFailure {
  readonly verdict: Verdict;
  /** Invariant, section of `expect` or error code that it has to fail by. */
  readonly with: string | undefined;
  readonly reason: string;
}

/** Exact milliseconds, or multiples of the session time-out that the registry granted. */
export interface Duration {
  readonly unit: "ms" | "sessions";
  readonly value: number;
}

// --- cluster -----------------------------------------------------------------------------------------------------

export type CaseNodeKind = "master" | "worker" | "alert-server";

export interface CaseNode {
  /** master-1, worker-2, alert-server-1. */
  readonly name: string;
  readonly kind: CaseNodeKind;
  /** Not started with the others; a `start` may bring it. */
  readonly absent: boolean;
  readonly settings: NodeSettings;
}

/** Settings of one node: its own over those of the cluster over the defaults. */
export interface NodeSettings {
  /** Default 1s. Cannot be in sessions. */
  readonly sessionTimeoutMs: number;
  readonly failoverDelay: Duration;
  readonly failoverBatch: number;
  /** Default 2 sessions. */
  readonly reconcileInterval: Duration;
  readonly disconnectStrategy: "STOP" | "WAITING";
  /** A process that exited by itself is started again. Default false. */
  readonly respawn: boolean;
  readonly fastDetection: boolean;
  readonly loadBalancer:
    | "RANDOM"
    | "ROUND_ROBIN"
    | "FIXED_WEIGHTED_ROUND_ROBIN"
    | "DYNAMIC_WEIGHTED_ROUND_ROBIN";
  readonly taskSlots: number;
  readonly weight: number;
  readonly busyAbove: number;
  readonly dispatchTimeout: Duration;
  readonly shutdownGrace: Duration;
  readonly alertWindow: Duration;
}

export interface ResolvedCluster {
  /** All nodes, absent ones too: masters, workers, alert servers, each by number. */
  readonly nodes: readonly CaseNode[];
  /** Worker names by group, without `default`. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

// --- database ----------------------------------------------------------------------------------------------------

export interface ResolvedDatabase {
  readonly workflows: readonly WorkflowDefinition[];
  readonly instances: readonly InstanceSeed[];
  readonly commands: readonly CommandSeed[];
  readonly taskGroups: Readonly<Record<string, number>>;
  readonly alertGroups: Readonly<Record<string, readonly string[]>>;
  readonly environments: Readonly<Record<string, string>>;
  /** Rows of a DolphinScheduler test fixture, already read and checked. */
  readonly fixture: FixtureData | undefined;
  /** Rows by table as written, inserted last; `<master-1>` still to be replaced by the address. */
  readonly tables: Readonly<Record<string, readonly RawSection[]>>;
}

export interface WorkflowDefinition {
  readonly name: string;
  readonly pointer: string;
  readonly tasks: readonly TaskDefinition[];
  readonly params: Readonly<Record<string, string>>;
  readonly executionType: ExecutionType;
  readonly timeout: Duration | undefined;
  readonly timeoutStrategy: TimeoutStrategy;
  readonly columns: RawSection;
}

export type TaskAction =
  | { readonly kind: "run"; readonly script: string }
  | { readonly kind: "runOnMaster"; readonly script: string }
  | { readonly kind: "subWorkflow"; readonly workflow: string }
  | { readonly kind: "conditions"; readonly value: RawSection }
  | { readonly kind: "switch"; readonly value: RawSection }
  | { readonly kind: "dependent"; readonly value: RawSection };

export interface TaskDefinition {
  readonly name: string;
  readonly pointer: string;
  readonly action: TaskAction;
  /** Names of its predecessors, those through `then` and `else` included. */
  readonly after: readonly string[];
  readonly retries: number;
  readonly retryInterval: Duration;
  readonly delay: Duration;
  readonly timeout: Duration | undefined;
  readonly timeoutStrategy: TimeoutStrategy;
  readonly priority: Priority;
  readonly workerGroup: string;
  readonly taskGroup: string | undefined;
  readonly taskGroupPriority: number;
  readonly environment: string | undefined;
  readonly in: Readonly<Record<string, string>>;
  readonly out: readonly string[];
  readonly columns: RawSection;
}

export interface InstanceSeed {
  readonly pointer: string;
  readonly workflow: string;
  /** Its number among the instances of this workflow, from 1, in the order of ids: "etl#2". */
  readonly ordinal: number;
  readonly state: WorkflowState;
  /** Name of a node of the cluster, or a host:port that is nobody's; null for none. */
  readonly host: string | null;
  /** "top.S": the task of which it is the sub-workflow. */
  readonly parent: TaskRef | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly runTimes: number;
  readonly startedAgo: Duration | undefined;
  readonly restartedAgo: Duration | undefined;
  readonly id: number | undefined;
  readonly columns: RawSection;
  /** Attempts by task, in the order of ids. */
  readonly tasks: readonly { readonly task: string; readonly attempts: readonly AttemptSeed[] }[];
}

export interface AttemptSeed {
  readonly pointer: string;
  readonly state: TaskState;
  readonly flag: Flag;
  readonly host: string | null;
  readonly retryTimes: number;
  readonly child: InstanceRef | undefined;
  readonly out: Readonly<Record<string, string>>;
  readonly firstSubmittedAgo: Duration | undefined;
  readonly submittedAgo: Duration | undefined;
  readonly startedAgo: Duration | undefined;
  readonly endedAgo: Duration | undefined;
  readonly id: number | undefined;
  readonly columns: RawSection;
}

export interface CommandSeed {
  readonly pointer: string;
  readonly command: CommandRequest;
  readonly count: number;
  readonly columns: RawSection;
}

/** A command, as seeded or as an operator asks for it. */
export type CommandRequest =
  | {
      readonly kind: "start";
      readonly workflow: string;
      readonly options: StartOptions;
    }
  | {
      readonly kind: "repeat" | "recoverFailed" | "recoverSuspended";
      readonly instance: InstanceRef;
      readonly options: StartOptions;
    }
  | {
      readonly kind: "failover";
      readonly instance: InstanceRef;
      readonly was: WorkflowState;
      readonly options: StartOptions;
    };

export interface StartOptions {
  readonly params: Readonly<Record<string, string>>;
  readonly startNodes: readonly string[];
  readonly taskDependType: TaskDependType | undefined;
  readonly priority: Priority | undefined;
  readonly dryRun: boolean;
  readonly workerGroup: string | undefined;
  readonly alertGroup: string | undefined;
  readonly failureStrategy: FailureStrategy | undefined;
}

/** A fixture of DolphinScheduler's own tests: rows by table with our column names, hosts already mapped to nodes. */
export interface FixtureData {
  readonly file: string;
  /** `<name>` stands for the address of a node of the cluster. */
  readonly tables: Readonly<Record<string, readonly RawSection[]>>;
  /** Workflow names, for `expect`. */
  readonly workflows: readonly {
    readonly name: string;
    readonly code: number;
    readonly tasks: readonly string[];
  }[];
}

// --- registry ----------------------------------------------------------------------------------------------------

export interface ResolvedRegistry {
  /** Absent nodes that still stand in the registry, left by a session that is dying. */
  readonly registered: readonly string[];
  /** Lock path -> name of the holder. */
  readonly locks: Readonly<Record<string, string>>;
  /** Absent nodes whose failover is marked finished. */
  readonly markers: readonly string[];
  readonly entries: Readonly<Record<string, string>>;
}

// --- references, selectors ---------------------------------------------------------------------------------------

/** "etl" (ordinal null: the only one, or all of them where the format says so), "etl#2". */
export interface InstanceRef {
  readonly workflow: string;
  readonly ordinal: number | null;
}

export interface TaskRef extends InstanceRef {
  readonly task: string;
}

export type NodeGroup = "masters" | "workers" | "alertServers" | "nodes";

export type Selector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "it" }
  | { readonly kind: "ownerOf"; readonly instance: InstanceRef }
  | { readonly kind: "runnerOf"; readonly task: TaskRef }
  | { readonly kind: "coordinatorOf"; readonly of: Selector }
  | { readonly kind: "holderOf"; readonly lock: string }
  | { readonly kind: "activeOf"; readonly role: "alertServers" | "coordinator" }
  | { readonly kind: "hitBy"; readonly step: string }
  | {
      readonly kind: "any" | "all" | "each";
      readonly group: NodeGroup;
      readonly except: Selector | undefined;
    }
  | { readonly kind: "list"; readonly of: readonly Selector[] };

export type Service = "registry" | "database";

/** `targets`: several at once, services among them; without a service that is a list of selectors. */
export type Target =
  | Selector
  | { readonly kind: "service"; readonly service: Service }
  | { readonly kind: "targets"; readonly of: readonly Target[] };

// --- steps -------------------------------------------------------------------------------------------------------

export interface Step {
  readonly id: string;
  readonly pointer: string;
  /** Absent: at once when the step before has landed. */
  readonly when: Moment | undefined;
  readonly action: Action;
  /** Undone so long after it landed. */
  readonly for: Duration | undefined;
  /** Default 5s. */
  readonly landsWithin: Duration;
  readonly times: number;
  readonly every: Duration | undefined;
}

export interface Moment {
  readonly pointer: string;
  readonly what: MomentSubject;
  /** So long after the moment; a range is drawn by seed. */
  readonly delay: readonly [Duration, Duration] | undefined;
  /** How long to wait for the moment. Default 20s. */
  readonly within: Duration;
}

export type MomentSubject =
  /** Only a delay: after the step before, or after all nodes are up. */
  | { readonly kind: "delay" }
  | {
      readonly kind: "task";
      readonly task: TaskRef;
      readonly states: readonly TaskState[];
      readonly count: number | undefined;
    }
  | {
      readonly kind: "instance";
      readonly instance: InstanceRef;
      readonly states: readonly WorkflowState[];
      readonly count: number | undefined;
    }
  | { readonly kind: "event"; readonly pattern: EventPattern; readonly nth: number }
  | {
      readonly kind: "failpoint";
      readonly at: FailpointName;
      readonly by: Selector | undefined;
      readonly instance: InstanceRef | undefined;
      readonly nth: number;
    }
  | {
      readonly kind: "node";
      readonly node: Selector;
      readonly is: "up" | "gone" | "registered" | "unregistered";
    }
  | { readonly kind: "registry"; readonly path: string; readonly is: "present" | "absent" }
  | { readonly kind: "step"; readonly step: string; readonly is: "landed" | "undone" };

export interface EventPattern {
  /** A type, or a family: "failover.*". */
  readonly event: CaseEventType | `${string}.*`;
  readonly by: Selector | undefined;
  readonly of: Selector | undefined;
  readonly path: string | undefined;
  readonly instance: InstanceRef | undefined;
  readonly task: TaskRef | undefined;
  readonly states: readonly string[] | undefined;
}

export type Action =
  | { readonly kind: "kill" | "stop" | "pause" | "start" | "resume" | "restart"; readonly target: Target }
  | { readonly kind: "replace"; readonly target: Selector }
  | {
      readonly kind: "failpoint";
      readonly at: FailpointName;
      readonly do: "hold" | "delay" | "fail" | "die";
      readonly by: Selector | undefined;
      readonly nth: number | undefined;
      readonly delay: Duration | undefined;
    }
  | {
      readonly kind: "operate";
      readonly request: CommandRequest | { readonly kind: "pause" | "stop"; readonly instance: InstanceRef };
      readonly via: Selector | undefined;
      readonly answer: "any" | "accepted" | "refused";
    }
  | { readonly kind: "sql"; readonly statement: string }
  | { readonly kind: "verify"; readonly expect: RawSection; readonly within: Duration }
  /** An action of the format that this version cannot do yet: the case is a SKIP. */
  | { readonly kind: "unsupported"; readonly name: string };
