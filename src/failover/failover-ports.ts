import type { Clock, Failpoints } from "../base/index.ts";
import type { Membership } from "../cluster/index.ts";
import type { Events, NodeKind } from "../model/index.ts";
import type { Log } from "../node/index.ts";
import type { RegistrySession } from "../registry/index.ts";
import type { RpcClient } from "../rpc/index.ts";
import type { Database } from "../store/index.ts";

/** What failing others over needs. */
export interface FailoverPorts {
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly failpoints: Failpoints;
  readonly log: Log;
  readonly rpc: RpcClient;
  readonly membership: Membership;
  readonly me: { readonly incarnation: string; readonly address: string };
  /** The session of now. It may be lost by the next line. */
  session(): RegistrySession;
  /** Connected, in time, with a complete view: allowed to judge others. */
  mayJudge(): boolean;
  /** This incarnation was fenced itself. */
  onFenced(): void;
  /**
   * That life is fenced or has left: workflows of this master may have attempts there, and it takes no share of
   * anything.
   */
  onDeath(incarnation: string): void;
  /** Aborts when the master stops. */
  readonly stopping: AbortSignal;
  readonly timing: FailoverTiming;
}

/** Milliseconds; sources in OWNERSHIP, "Tunables". */
export interface FailoverTiming {
  /** h. */
  readonly heartbeatMs: number;
  /** p: limit of the ping of a suspect. */
  readonly pingMs: number;
  /** How long a suspect is left alone that answers, and is sure of its session. */
  readonly liveHoldMs: number;
  readonly failoverDelayMs: number;
  readonly joinLimitMs: number;
  readonly rescueStallMs: number;
  /** Pause before something that failed is tried again. */
  readonly retryPauseMs: number;
  readonly batchSize: number;
  /** What is only history is forgotten when it is so old. */
  readonly retentionMs: number;
}

/** A life that is to be failed over. */
export interface Target {
  readonly kind: NodeKind;
  readonly address: string;
  readonly incarnation: string;
}
