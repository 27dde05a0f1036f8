/** Exit codes of the command line. */
export const EXIT_CODES = {
  passed: 0,
  /** A case failed, or was flaky. */
  failed: 1,
  /** A case file or the arguments are invalid. */
  invalid: 2,
  /** The environment could not be provided. */
  environment: 3,
  /** No case failed, but of one nothing can be said. */
  inconclusive: 4,
  /** A bug of the harness. */
  bug: 70,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;
