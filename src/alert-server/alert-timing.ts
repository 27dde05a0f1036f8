import type { NodeConfig } from "../config/index.ts";

/** Times of an alert server, from its session time-out T (OWNERSHIP, "Tunables"). Milliseconds. */
export interface AlertTiming {
  readonly sessionTimeoutMs: number;
  readonly openWithinMs: number;
  /** h: it probes itself in the database. */
  readonly heartbeatMs: number;
  /** q. */
  readonly queryTimeoutMs: number;
  /** A database that does not answer for so long: the session is given up, so that the stand-by takes over. */
  readonly databaseLossLimitMs: number;
  readonly retryPauseMs: number;
  /** Poll behind the hints. */
  readonly pollMs: number;
  /** Who has no node in the registry for so long is taken for dead. */
  readonly liveHoldMs: number;
}

const SHORTEST_QUERY_TIMEOUT_MS = 500;
const LONGEST_PAUSE_MS = 500;
const LONGEST_POLL_MS = 1000;
const SHORTEST_OPEN_MS = 2000;

export function alertTiming(config: NodeConfig): AlertTiming {
  const { sessionTimeoutMs: T } = config.timing;
  const queryTimeoutMs = Math.max(T / 4, SHORTEST_QUERY_TIMEOUT_MS);
  return {
    sessionTimeoutMs: T,
    liveHoldMs: T,
    openWithinMs: Math.max(2 * T, SHORTEST_OPEN_MS),
    heartbeatMs: T / 5,
    queryTimeoutMs,
    databaseLossLimitMs: Math.max(T, queryTimeoutMs + T / 5),
    retryPauseMs: Math.min(T / 5, LONGEST_PAUSE_MS),
    pollMs: Math.min(T / 5, LONGEST_POLL_MS),
  };
}
