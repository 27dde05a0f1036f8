/** How `failover ctl` ends, for scripts. */
export const CTL_EXIT = {
  /** Done; with --wait: it ended in SUCCESS, or as stop and pause wanted it. */
  done: 0,
  /** The arguments, or something in the request, are wrong. */
  invalid: 2,
  /** No master answered. The request may have been stored: repeat it with the same --request-id. */
  unreachable: 3,
  /** There is no such workflow or instance, or it is not in a state for that. */
  refused: 4,
  /** --wait took too long; the workflow goes on. */
  stillRunning: 5,
  /** With --wait: how it ended. */
  failure: 10,
  stopped: 11,
  paused: 12,
  /** With --wait of a stop or pause: it had ended well before the order reached it. */
  success: 13,
} as const;

const ENDS: Readonly<Record<string, number>> = {
  SUCCESS: CTL_EXIT.success,
  FAILURE: CTL_EXIT.failure,
  STOP: CTL_EXIT.stopped,
  PAUSE: CTL_EXIT.paused,
};

/** The exit code for an end: 0 when it is the one that was wanted. Undefined: it has not ended. */
export function exitCodeOfEnd(state: string, wanted: string): number | undefined {
  return state === wanted ? CTL_EXIT.done : ENDS[state];
}
