import type { FailpointName } from "../base/index.ts";

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

/** What an operator asks of any master: `POST /rpc/operate`. */
export interface OperatorRequest {
  /** Unique; the same request sent twice is answered alike and done once. */
  readonly requestId: string;
  readonly request:
    | {
        readonly kind: "stop" | "pause" | "repeat" | "recoverFailed" | "recoverSuspended";
        readonly workflowInstanceId: number;
      }
    | {
        readonly kind: "start";
        readonly workflowDefinitionCode: number;
        readonly params?: Readonly<Record<string, string>>;
        readonly startNodes?: readonly string[];
        readonly taskDependType?: "TASK_ONLY" | "TASK_PRE" | "TASK_POST";
        readonly priority?: "HIGHEST" | "HIGH" | "MEDIUM" | "LOW" | "LOWEST";
        readonly failureStrategy?: "END" | "CONTINUE";
        readonly workerGroup?: string;
        readonly dryRun?: boolean;
      };
}

/** Accepted means stored: it will be carried out whoever dies. */
export type OperatorAnswer =
  | { readonly accepted: true; readonly workflowInstanceId: number }
  | { readonly accepted: false; readonly reason: string };
