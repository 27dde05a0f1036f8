import type { NodeConfig } from "../config/index.ts";
import type { FailoverTiming } from "../failover/index.ts";

/** All times of a master, from its session time-out T (OWNERSHIP, "Tunables"). Milliseconds. */
export interface MasterTiming extends FailoverTiming {
  readonly sessionTimeoutMs: number;
  readonly reconcileIntervalMs: number;
  /** q: limit of one statement. At least half a second: a busy machine is no lost database. */
  readonly queryTimeoutMs: number;
  /** A database that does not answer for so long is lost: the master gives its session up, so that others take over. */
  readonly databaseLossLimitMs: number;
  readonly rpcTimeoutMs: number;
  /** Polls behind the hints. */
  readonly commandPollMs: number;
  readonly newsPollMs: number;
  readonly slotPatienceMs: number;
  /** A look at t_ds_worker_group behind the hint. 10 s at most (source: `worker-group-refresh-interval`). */
  readonly workerGroupPollMs: number;
  readonly openWithinMs: number;
}

const SHORTEST_QUERY_TIMEOUT_MS = 500;

export function masterTiming(config: NodeConfig): MasterTiming {
  const { sessionTimeoutMs: T, failoverDelayMs, reconcileIntervalMs } = config.timing;
  const queryTimeoutMs = Math.max(T / 4, SHORTEST_QUERY_TIMEOUT_MS);
  return {
    sessionTimeoutMs: T,
    failoverDelayMs,
    reconcileIntervalMs,
    heartbeatMs: T / 5,
    pingMs: Math.max(T / 10, 100),
    liveHoldMs: T,
    joinLimitMs: 2 * T,
    rescueStallMs: Math.max(2 * queryTimeoutMs, T),
    retryPauseMs: Math.min(T / 5, 500),
    batchSize: config.master.failoverBatchSize,
    retentionMs: config.timing.retentionMs,
    queryTimeoutMs,
    databaseLossLimitMs: Math.max(T, queryTimeoutMs + T / 5),
    rpcTimeoutMs: Math.max(T / 5, 150),
    commandPollMs: Math.min(T / 5, 1000),
    newsPollMs: Math.min(T / 4, 1000),
    slotPatienceMs: T,
    workerGroupPollMs: Math.min(T, 10_000),
    openWithinMs: Math.max(2 * T, 2000),
  };
}
