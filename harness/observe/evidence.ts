import type { NodeEvent } from "../../src/model/index.ts";
import type { Verdict } from "../base/index.ts";
import type { CaseNodeKind, ResolvedCase } from "../case/resolved-case.ts";

/** Everything a verdict is made from. Plain data: stored in the run directory and judged again by `failover judge`. */
export interface Evidence {
  readonly case: ResolvedCase;
  readonly tier: string;
  readonly registryKind: string;
  /** T as the registry granted it. */
  readonly sessionTimeoutMs: number;
  readonly seed: number;
  /** Directory of the case's files on this machine. */
  readonly workDirectory: string;
  /** Wall clock at which the times of the case begin, milliseconds; unknown in evidence of older versions. */
  readonly startWallMs?: number;
  readonly nodes: readonly NodeRecord[];
  readonly steps: readonly StepRecord[];
  readonly history: readonly HistoryEvent[];
  readonly snapshot: Snapshot;
  /** Rows as they stood when the given state was in and no node had started. Absent: nobody took them. */
  readonly seeded?: Tables;
  /** The case could not be carried through: what happened. */
  readonly trouble: Trouble | undefined;
}

export interface Trouble {
  readonly verdict: Extract<Verdict, "INCONCLUSIVE" | "ERROR" | "FAIL" | "SKIP">;
  /** "moment-missed", "fault-not-landed", "verify", "node-did-not-start", "undo-failed", … */
  readonly code: string;
  readonly message: string;
  readonly pointer: string;
}

/** One node of the case and the processes that it was. */
export interface NodeRecord {
  readonly name: string;
  readonly kind: CaseNodeKind;
  readonly address: string;
  readonly lives: readonly NodeLife[];
}

export interface NodeLife {
  readonly pid: number;
  /**
   * From its `node.ready`; empty when it never got there. A process may take a new one (WAITING): this is the first.
   */
  readonly incarnation: string;
  readonly startedAtMs: number;
  readonly readyAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Step that ended it; undefined when it ended by itself or lives. */
  readonly endedBy: string | undefined;
  /** Frozen by a step, in milliseconds of the run. */
  readonly pauses: readonly { readonly fromMs: number; readonly toMs: number | undefined }[];
}

export interface StepRecord {
  readonly id: string;
  readonly pointer: string;
  readonly action: string;
  /** The moment came. */
  readonly firedAtMs: number | undefined;
  readonly landedAtMs: number | undefined;
  readonly undoneAtMs: number | undefined;
  /** What it hit, by name, with the incarnation at that time. */
  readonly hit: readonly { readonly node: string; readonly incarnation: string }[];
  /** How it was seen that it landed: "pid 123 is gone". */
  readonly proof: string | undefined;
}

/** An event of a node, or one that the harness saw itself (registry entries). `atMs` counts from the case's start. */
export type HistoryEvent =
  | ({ readonly source: "node"; readonly nodeName: string; readonly atMs: number } & NodeEvent)
  | {
      readonly source: "registry";
      readonly type: "registry.entry.added" | "registry.entry.removed";
      readonly atMs: number;
      readonly path: string;
      readonly value: string;
    }
  | {
      readonly source: "harness";
      readonly type: "step.landed" | "step.undone";
      readonly atMs: number;
      readonly step: string;
    };

/** The state of the world at one instant, read with the harness's own queries and client. */
export interface Snapshot {
  readonly atMs: number;
  /** Rows of every t_ds_* table, in id order, columns as Postgres names them; timestamps as ISO strings. */
  readonly tables: Tables;
  readonly registry: readonly RegistryRecord[];
  readonly starts: readonly TaskStart[];
  readonly processes: readonly ProcessRecord[];
  readonly logs: Readonly<Record<string, readonly LogLine[]>>;
  /** Alerts that arrived at the harness and were taken, in the order of arrival. Absent: nobody waited for any. */
  readonly deliveries?: readonly DeliveryRecord[];
}

/** An alert that arrived on a channel of one of the case's alert groups. */
export interface DeliveryRecord {
  readonly atMs: number;
  readonly group: string;
  readonly channel: string;
  /** What the sender says is the same for every try; begins with "alert-<id>-". */
  readonly key: string;
  readonly title: string;
  readonly body: string;
}

export type Tables = Readonly<Record<string, readonly Row[]>>;

export type Row = Readonly<Record<string, string | number | boolean | null>>;

export interface RegistryRecord {
  /** Below the root of the case. */
  readonly path: string;
  readonly value: string;
  readonly ephemeral: boolean;
  /**
   * Locks stand in the registry too; the back end's own shape is translated: `path` is the lock's, value its holder.
   */
  readonly kind: "entry" | "lock";
  /** Session that owns it, if any. */
  readonly sessionId: string | null;
}

/** A start of a task's script, told by its own effect in the case's folder. */
export interface TaskStart {
  readonly workflow: string;
  readonly task: string;
  readonly workflowInstanceId: number;
  readonly taskInstanceId: number;
  /** The nth start of this task in this instance, from 1. */
  readonly run: number;
  readonly startedAtMs: number;
  /** Undefined: it was ended from outside, or still runs. */
  readonly finishedAtMs: number | undefined;
  readonly exitCode: number | undefined;
  /** Runs of the same task that were still alive when this one started. */
  readonly overlaps: readonly number[];
  /** Address of the node that started it. */
  readonly node?: string;
  /** Its process still ran when the snapshot was taken. */
  readonly alive?: boolean;
}

export interface ProcessRecord {
  readonly node: string;
  readonly status: "running" | "exited" | "killed";
  readonly exitCode: number | undefined;
}

export interface LogLine {
  readonly atMs: number;
  readonly level: string;
  readonly message: string;
}
