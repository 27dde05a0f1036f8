import { errorCode, errorMessage } from "../../src/base/index.ts";
import { HarnessError, type Problem } from "../base/index.ts";

/** A problem of the environment: exit code 3. `code` stands behind "environment/". */
export interface EnvironmentProblem extends Omit<Problem, "code" | "at"> {
  readonly code:
    | "no-docker"
    | "image-missing"
    | "package-missing"
    | "container-not-startable"
    | "postgres-not-startable"
    | "zookeeper-not-startable"
    | "registry-not-here"
    | "unknown-platform"
    | "disk-full"
    | "port-taken"
    | "migration-failed"
    | "not-built";
}

/** An error with one problem of the environment. */
export function environmentError(problem: EnvironmentProblem, cause?: unknown): HarnessError {
  return new HarnessError([{ ...problem, code: `environment/${problem.code}` }], { cause });
}

/** Says which of the usual reasons stands behind an error of the file system or a server's log, if one does. */
export function wellKnownProblem(text: string, where: string): EnvironmentProblem | undefined {
  if (/ENOSPC|No space left on device/i.test(text)) {
    return {
      code: "disk-full",
      what: `no space left in ${where}`,
      why: firstLine(text),
      fix: "free some space, or set TMPDIR to a directory with at least 500 MB",
    };
  }
  if (/EADDRINUSE|Address already in use/i.test(text)) {
    return {
      code: "port-taken",
      what: "a port of 127.0.0.1 that was free a moment ago is taken",
      why: firstLine(text),
      fix: "run it again; if it comes back, look for a program that takes many ports of 20000 to 31999",
    };
  }
  return undefined;
}

/** The problem behind a caught error: a HarnessError as it is, a well-known reason by its name, else `otherwise`. */
export function explain(error: unknown, where: string, otherwise: EnvironmentProblem): HarnessError {
  if (error instanceof HarnessError) return error;
  const text = `${errorCode(error) ?? ""} ${errorMessage(error)}`.trim();
  return environmentError(wellKnownProblem(text, where) ?? { why: firstLine(text), ...otherwise }, error);
}

/** The line of a server's output that says most: the first with an error word, else the last. */
export function tellingLine(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const telling = lines.find((line) => /FATAL|PANIC|ERROR|error|cannot|could not/.test(line));
  return (telling ?? lines.at(-1) ?? "it said nothing").trim();
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
