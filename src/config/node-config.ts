import type { NodeKind } from "../model/index.ts";

/** Which registry, where. Times of the registry are in `SessionConfig`. */
export type RegistryConfig =
  | {
      readonly kind: "zookeeper" /** host:port,host:port */;
      readonly servers: string /** Root of this cluster, e.g. /case-7. */;
      readonly root: string;
    }
  | {
      readonly kind: "jdbc" /** postgres://user@host:port/database */;
      readonly url: string;
      readonly root: string;
    };

/** The timing of a node; everything in milliseconds. Derived from the session time-out where OWNERSHIP says how. */
export interface TimingConfig {
  /** T: the registry session's time-out as asked; the granted one rules. Default 10 000. */
  readonly sessionTimeoutMs: number;
  /** Wait between a death and its failover, in case the node comes back. Default 0. */
  readonly failoverDelayMs: number;
  /** R: period of the reconciliation, at least the session time-out. Default twice the session time-out. */
  readonly reconcileIntervalMs: number;
  /** Longest wait of a stopping node for its running work. Default 3000. */
  readonly shutdownGraceMs: number;
  /** A task that found no worker for so long fails. 0, the default: it waits for ever. */
  readonly dispatchTimeoutMs: number;
  /**
   * Masters only: finished failovers, lives that are over, their notices, audit, closed orders and reports are
   * forgotten when they are so old. Default 7 days, as DolphinScheduler keeps its notices.
   */
  readonly retentionMs: number;
}

/** Above which used share of its machine a node is BUSY, 0..1. Default 1 each: never. */
export interface OverloadConfig {
  /** Processors. Off by default: on machines that are shared the load of others would starve this node. */
  readonly cpuAbove: number;
  readonly memoryAbove: number;
  /** The disk of the data directory. */
  readonly diskAbove: number;
}

export interface LogConfig {
  /** A line for people (default), or a line of JSON for machines. */
  readonly format: "text" | "json";
  /** The least important level that is written. Default info. */
  readonly level: "debug" | "info" | "warn" | "error";
}

/** How an alert server sends; times in milliseconds. */
export interface AlertConfig {
  /** Equal alerts (same group, type, title and signature) within this time are sent once. Default 600 000; 0: all. */
  readonly windowMs: number;
  /** Id in t_ds_alertgroup for alerts without a group, as those of failovers. Default 1, DolphinScheduler's own. */
  readonly defaultGroupId: number;
  /** Limit of one try, on every channel. Default 10 000. */
  readonly sendTimeoutMs: number;
  /** Pause after the first try that failed; doubled after each further one. Default 1000. */
  readonly retryBaseMs: number;
  /** Longest pause. Default 300 000. */
  readonly retryMaxMs: number;
  /** Given up after so many tries, or at this age. Defaults: 100 and 24 hours. */
  readonly maxTries: number;
  readonly giveUpAfterMs: number;
  /** Tries at a time on one channel: one that hangs holds up itself alone. Default 4. */
  readonly sendsPerChannel: number;
  /** Directories that scripts of the Script channel have to stand below. Default none: no script is run. */
  readonly scriptDirectories: readonly string[];
}

/** The configuration of one node process: a JSON or YAML file, named by `--config`. */
export interface NodeConfig {
  readonly kind: NodeKind;
  /** What others call it by, host:port. Unique in the cluster, the same after a restart. */
  readonly address: string;
  /** Where it listens really; port 0 takes a free one, reported in `node.ready`. */
  readonly listen: { readonly host: string; readonly port: number };
  /**
   * Where other nodes are reached from here, by address. When present it is complete: an address that is not in it is
   * refused. Absent: addresses are dialled as they are. (The harness puts a link on every edge with it.)
   */
  readonly dial?: Readonly<Record<string, string>>;
  readonly registry: RegistryConfig;
  /** Masters and alert servers: the store, postgres://user@host:port/database. */
  readonly databaseUrl?: string;
  /** A directory of its own, kept over restarts: pid records, task logs. Created when absent. */
  readonly dataDirectory: string;
  readonly timing: TimingConfig;
  /** What a node does that lost its session and was fenced: exit (STOP, the default) or start over (WAITING). */
  readonly disconnectStrategy: "STOP" | "WAITING";
  /** Absent: never BUSY by the load of the machine. */
  readonly overload?: OverloadConfig;
  /** What is written to standard error. Absent: text from info on; errors only when a supervisor reads the events. */
  readonly log?: LogConfig;
  readonly master: {
    /** Workflows that one failover transaction moves. Default 1000 (source: measured, batches of 1000 by keyset). */
    readonly failoverBatchSize: number;
    readonly loadBalancer:
      | "RANDOM"
      | "ROUND_ROBIN"
      | "FIXED_WEIGHTED_ROUND_ROBIN"
      | "DYNAMIC_WEIGHTED_ROUND_ROBIN";
  };
  readonly worker: {
    /** Tasks that it runs at a time; more are refused. Default 100. */
    readonly taskSlots: number;
    /** Share of work in the weighted balancers. Default 100. */
    readonly weight: number;
    /** BUSY above this share of used task slots, 0..1. Default 1: only when all are used. */
    readonly busyAbove: number;
    /** Worker groups that it belongs to beside `default`, and beside what t_ds_worker_group says. */
    readonly groups: readonly string[];
    /** Logs of tasks older than this are removed. Absent: 7 days. */
    readonly logRetentionMs?: number;
    /** The oldest logs of tasks are removed when all together are larger, bytes. Absent: 1 GiB. */
    readonly logLimitBytes?: number;
  };
  /** Alert servers only. */
  readonly alert?: AlertConfig;
}
