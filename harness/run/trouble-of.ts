import { errorCode, errorMessage, WaitTimeoutError } from "../../src/base/index.ts";
import { HarnessError } from "../base/index.ts";
import { NodeStartError } from "../cluster/index.ts";
import { ObservationError, type Trouble } from "../observe/index.ts";

/** The run was interrupted while this case was on its way. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/**
 * What an error says about the case that it ended: the environment or a node failed it. Undefined for anything else,
 * which is a bug of the harness and must come out as one.
 */
export function troubleOf(error: unknown): Trouble | undefined {
  const trouble = (code: string, message: string): Trouble => ({
    verdict: "ERROR",
    code,
    message,
    pointer: "",
  });
  if (error instanceof InterruptedError) return trouble("interrupted", "the run was interrupted");
  if (error instanceof NodeStartError) return trouble("node-did-not-start", error.message);
  if (error instanceof ObservationError) return trouble("observation", error.message);
  if (error instanceof WaitTimeoutError) return trouble("waited-in-vain", error.message);
  if (error instanceof HarnessError) {
    const [problem] = error.problems;
    const text = [problem?.what, problem?.why, problem?.fix].filter((part) => part !== undefined).join("; ");
    return trouble(problem?.code ?? "environment", text);
  }
  // Sockets, files and Postgres: their errors carry a code. A mistake in our own code does not.
  const code = errorCode(error);
  if (code !== undefined && !(error instanceof TypeError)) {
    return trouble("environment", `${errorMessage(error)} (${code})`);
  }
  return undefined;
}
