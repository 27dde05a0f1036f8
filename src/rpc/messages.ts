import type { OperatorAnswer, OperatorRequest } from "../model/index.ts";

/**
 * What nodes say to each other: `POST /rpc/<name>` with JSON both ways. Each call has a deadline; each may be sent
 * twice, late or never, and every receiver copes with that.
 */

/** One hand-over of an attempt to a worker: what a worker accepts once. */
export interface DeliveryKey {
  readonly taskInstanceId: number;
  readonly dispatchNo: number;
}

/** Who speaks for the workflow, in every message of an owner. */
export interface OwnerClaim {
  readonly workflowInstanceId: number;
  readonly ownerAddress: string;
  readonly ownerIncarnation: string;
  readonly ownerEpoch: number;
}

export interface DispatchRequest extends DeliveryKey, OwnerClaim {
  /** The life that it is meant for; another one refuses. */
  readonly workerIncarnation: string;
  readonly taskName: string;
  readonly taskType: string;
  readonly script: string;
  /** Variables for the script, beside the process's own and FAILOVER_*. */
  readonly environment: Readonly<Record<string, string>>;
  /** Shell text that runs before the script (environment_config). */
  readonly environmentConfig: string;
}

export type DispatchAnswer =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      /** Definite: this delivery will never run here, it was tombstoned. */
      readonly reason:
        | "OTHER_INCARNATION"
        | "NOT_IN_SESSION"
        | "STALE_EPOCH"
        | "TOMBSTONED"
        | "NO_SLOT"
        | "STOPPING";
    };

/** Take-over, and "what became of it" when a dispatch was not answered. It reports to this owner from now on. */
export interface ResolveRequest extends DeliveryKey, OwnerClaim {
  readonly workerIncarnation: string;
}

export type ResolveAnswer =
  | { readonly state: "RUNNING" | "FINISHED" }
  /** Never seen, and from now on refused. */
  | { readonly state: "UNKNOWN" }
  | { readonly state: "REFUSED"; readonly reason: "OTHER_INCARNATION" | "STALE_EPOCH" };

export interface KillRequest extends DeliveryKey, OwnerClaim {
  readonly workerIncarnation: string;
}

/** `known: false`: no such delivery here; it is tombstoned now. A KILLED (or other) report follows when it is known. */
export interface KillAnswer {
  readonly known: boolean;
}

export type TaskOutcome = "SUCCESS" | "FAILURE" | "KILLED" | "LOST";

/** What a worker reports of a delivery, in the order of `seq` (1 RUNNING, 2 FINISHED). */
export type ReportBody =
  | { readonly kind: "RUNNING"; readonly pid: number; readonly startTimeMs: number; readonly logPath: string }
  | {
      readonly kind: "FINISHED";
      readonly outcome: TaskOutcome;
      readonly exitCode: number | null;
      readonly endTimeMs: number;
      /** OUT parameters that the script set. */
      readonly out: Readonly<Record<string, string>>;
    };

export interface ReportRequest extends DeliveryKey {
  readonly workflowInstanceId: number;
  readonly workerIncarnation: string;
  readonly seq: number;
  readonly body: ReportBody;
}

/** STORED: in the inbox, committed. OBSOLETE: nobody wants this delivery any more: kill it and forget. */
export interface ReportAnswer {
  readonly state: "STORED" | "OBSOLETE";
}

/** Is that life still sure of itself? */
export interface PingAnswer {
  readonly incarnation: string;
  /** Its lease deadline lies in the future. */
  readonly inSession: boolean;
}

/** Asks a worker whose node vanished to kill all it runs and to start over; the answer means nothing of it runs. */
export interface RelinquishRequest {
  readonly incarnation: string;
}

/**
 * A worker that stops in good order says so before its session ends, when nothing of it runs any more: stored means
 * that
 * its end is no death. (The word cannot stand in its registry node: a watch may miss the last value before a removal.)
 */
export interface LeaveRequest {
  readonly incarnation: string;
  readonly address: string;
}

/** Stores an alert, which is then sent at least once to each channel of its group. For operators and other programs. */
export interface SendAlertRequest {
  /** The same key makes one alert, however often it is asked for. Default: a new one each time. At most 200 letters. */
  readonly key?: string;
  readonly title: string;
  /** JSON (a list of maps) or any text. */
  readonly content: string;
  /** Id in t_ds_alertgroup. Default: the workflow instance's group, or the alert server's default group. */
  readonly alertGroupId?: number;
  /** One of DolphinScheduler's words (AlertType). Default CLOSE_ALERT for what is no workflow's end. */
  readonly alertType?: string;
  /** SUCCESS or FAILURE (default). */
  readonly warningType?: string;
  readonly workflowInstanceId?: number;
}

/** Answered after COMMIT. `fresh: false`: the key was known, and nothing was stored again. */
export interface SendAlertAnswer {
  readonly alertId: number;
  readonly fresh: boolean;
}

/** Sends at once, by a channel with the given parameters; nothing is stored. */
export interface SendTestAlertRequest {
  /** Name of the channel plugin, or its id in t_ds_plugin_define. */
  readonly plugin?: string;
  readonly pluginDefineId?: number;
  /** As in t_ds_alert_plugin_instance: a map, or its JSON text. */
  readonly pluginInstanceParams: unknown;
  readonly title?: string;
  readonly content?: string;
}

/** How the one try went. */
export interface SendTestAlertAnswer {
  readonly success: boolean;
  readonly message: string;
}

/** All calls by name, with request and answer. */
export interface RpcCalls {
  dispatch: { request: DispatchRequest; answer: DispatchAnswer };
  resolve: { request: ResolveRequest; answer: ResolveAnswer };
  kill: { request: KillRequest; answer: KillAnswer };
  report: { request: ReportRequest; answer: ReportAnswer };
  ping: { request: Record<string, never>; answer: PingAnswer };
  leave: { request: LeaveRequest; answer: Record<string, never> };
  relinquish: { request: RelinquishRequest; answer: Record<string, never> };
  sendAlert: { request: SendAlertRequest; answer: SendAlertAnswer };
  sendTestAlert: { request: SendTestAlertRequest; answer: SendTestAlertAnswer };
  operate: {
    request: OperatorRequest;
    answer: OperatorAnswer;
  };
}
export type RpcName = keyof RpcCalls;

/** The value that a worker keeps at its registry node, a master too (without the worker's part). */
export interface Heartbeat {
  readonly incarnation: string;
  readonly address: string;
  readonly pid: number;
  /** Wall clock, milliseconds. */
  readonly startupTime: number;
  /** Number of the registry session of this life, from 1. */
  readonly sessionNo: number;
  readonly status: "NORMAL" | "BUSY";
  /** Used shares of the machine, 0..1, when they are known: processors, memory, the disk of the data directory. */
  readonly cpuUsage?: number;
  readonly memoryUsage?: number;
  readonly diskUsage?: number;
  /**
   * Lives before this one on the same data directory: their processes are gone for certain, and nothing that they ran
   * runs any more. They are failed over at once, without waiting for the end of their session.
   */
  readonly replaces?: readonly string[];
  /** Of an alert server: whether it is the one that sends. */
  readonly isActive?: boolean;
  readonly worker?: {
    readonly weight: number;
    readonly groups: readonly string[];
    readonly taskSlots: number;
    readonly tasks: number;
  };
}
