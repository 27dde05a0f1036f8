/** What is known about a node that did not come up. */
export interface FailedStart {
  readonly node: string;
  readonly waitedMs: number;
  /** Undefined: it still runs. */
  readonly exit: { readonly code: number | null; readonly signal: string | null } | undefined;
  /** Of its stderr. */
  readonly lastLines: readonly string[];
}

function howItEnded(failure: FailedStart): string {
  const { exit, waitedMs } = failure;
  if (exit === undefined) return `was not ready within ${waitedMs} ms`;
  if (exit.signal !== null) return `was ended by ${exit.signal} before it was ready`;
  if (exit.code === null) return "could not be started";
  return `exited with code ${exit.code} before it was ready`;
}

/** A node process that ended, or stayed silent, before its `node.ready`. */
export class NodeStartError extends Error {
  override readonly name = "NodeStartError";
  readonly failure: FailedStart;

  constructor(failure: FailedStart) {
    const said =
      failure.lastLines.length === 0
        ? "it said nothing on stderr"
        : `its last words (all: nodes/${failure.node}.log of the evidence):\n  ${failure.lastLines.join("\n  ")}`;
    super(`${failure.node} ${howItEnded(failure)}; ${said}`);
    this.failure = failure;
  }
}
