import type { FailpointName } from "../base/index.ts";
import type { FailureStrategy, Priority, TaskDependType } from "./vocabulary.ts";

/**
 * What a supervisor (the harness, or the memory tier) may tell a node over its control channel, an IPC channel with one
 * JSON message each. A node whose channel closes exits at once: nobody is left who would end it.
 */
export type ControlMessage =
  | {
      readonly kind: "arm-failpoint";
      /** Chosen by the sender; names this arming in `failpoint.reached`. */
      readonly armId: number;
      readonly at: FailpointName;
      /** hold: wait until released. delay: wait `delayMs`. fail: throw. die: SIGKILL oneself. */
      readonly do: "hold" | "delay" | "fail" | "die";
      /** Only the nth time from now on, counted from 1; every time when absent. */
      readonly nth?: number;
      readonly delayMs?: number;
      /** Only when the step is about this workflow instance. */
      readonly workflowInstanceId?: number;
    }
  /** Takes an arming away and releases whoever it holds. */
  | { readonly kind: "disarm-failpoint"; readonly armId: number }
  /** Lets the one go on that waits as `holdId` (see event failpoint.reached). */
  | { readonly kind: "release-failpoint"; readonly holdId: number };

/** What a run is made with. Absent: the default, or for a repeat or recovery what the instance was started with. */
export interface RunOptions {
  /** Start parameters; those of a repeat or recovery win over earlier ones of the same name. */
  readonly params?: Readonly<Record<string, string>>;
  /** Names or codes of tasks. A recovery recovers only what they choose. */
  readonly startNodes?: readonly (string | number)[];
  /** Which way it goes from the start nodes. Default TASK_POST: they and everything after them. */
  readonly taskDependType?: TaskDependType;
  readonly priority?: Priority;
  readonly failureStrategy?: FailureStrategy;
  readonly workerGroup?: string;
  readonly dryRun?: boolean;
}

/** A workflow definition: by its code, or by its name when only one project has a workflow of that name. */
export type DefinitionChoice =
  | { readonly workflowDefinitionCode: number }
  | { readonly workflowName: string };

export type StartRequest = { readonly kind: "start" } & DefinitionChoice &
  RunOptions & {
    /** The date that it is run for, as if a schedule had started it then: `2024-08-01 00:00:00`, UTC. */
    readonly scheduleTime?: string;
  };

export type BackfillRequest = { readonly kind: "backfill" } & DefinitionChoice &
  RunOptions & {
    /** Dates to run for, one after the other, the oldest first: at least one, at most MAX_BACKFILL_DATES. */
    readonly dates: readonly string[];
  };

/** An order about an instance that is there. */
export type InstanceOrder =
  | { readonly kind: "stop" | "pause"; readonly workflowInstanceId: number }
  | ({
      readonly kind: "repeat" | "recoverFailed" | "recoverSuspended";
      readonly workflowInstanceId: number;
    } & RunOptions);

/** A backfill of more dates is asked for in parts. */
export const MAX_BACKFILL_DATES = 1000;

/** What an operator asks of any master: `POST /rpc/operate`, and the HTTP API. */
export interface OperatorRequest {
  /** Unique, at most 64 characters; the same request sent twice is answered alike and done once. */
  readonly requestId: string;
  readonly request: InstanceOrder | StartRequest | BackfillRequest;
}

/**
 * Why a request is refused. NOT_FOUND: no such workflow or instance. CONFLICT: it is not in a state for that.
 * INVALID: the request says something that cannot be. REUSED: its id belongs to another request.
 */
export type RefusalCode = "NOT_FOUND" | "CONFLICT" | "INVALID" | "REUSED";

/** Accepted means stored: it will be carried out whoever dies. */
export type OperatorAnswer =
  | { readonly accepted: true; readonly workflowInstanceId: number }
  | {
      readonly accepted: false;
      readonly reason: string;
      readonly code: RefusalCode;
      /** What to do about it. */
      readonly fix?: string;
    };
