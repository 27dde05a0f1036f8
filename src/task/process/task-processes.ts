/**
 * Running the scripts of tasks as processes that cannot outlive their node's lease. Used by workers for SHELL tasks and
 * by masters for the scripts of logic tasks.
 */

/** One process to run. */
export interface TaskProcessSpec {
  /** Names the process here, unique among the running ones: "<task instance id>-<dispatch no>" of a delivery. */
  readonly key: string;
  /** Text for `sh`. */
  readonly script: string;
  /** Shell text that runs before the script, in the same shell; empty for none. */
  readonly environmentConfig: string;
  /**
   * Variables beside the node's own. FAILOVER_TASK_INSTANCE_ID, FAILOVER_DISPATCH_NO and FAILOVER_INCARNATION should be
   * among them: by these a process is found that left its group.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** File that gets what the script prints, both streams; created with its folder, appended to. */
  readonly logPath: string;
  /** Created when absent. */
  readonly workDirectory: string;
}

/**
 * How it ended. SUCCESS: exit code 0. FAILURE: any other end of its own, also by somebody else's signal (then 128 + its
 * number is the exit code). KILLED: on request. LOST: killed because the node may no longer act, or the guard vanished.
 */
export type TaskProcessOutcome = "SUCCESS" | "FAILURE" | "KILLED" | "LOST";

export interface TaskProcessExit {
  readonly key: string;
  /** Null when it was killed. */
  readonly exitCode: number | null;
  readonly outcome: TaskProcessOutcome;
  /** Wall clock, milliseconds. */
  readonly endTimeMs: number;
}

/** A script that was not started: nothing of it ran. */
export class NotStartedError extends Error {
  override readonly name = "NotStartedError";
  /** The node may not act any more, so it is no fault of the script: somebody else may start it. */
  readonly leaseOver: boolean;

  constructor(reason: string, leaseOver: boolean) {
    super(`the script did not start: ${reason}`);
    this.leaseOver = leaseOver;
  }
}

/** The port. */
export interface TaskProcesses {
  /**
   * Resolves when the script runs; it may have ended by then. Throws, with nothing run, past the deadline, when the key
   * is running already, or when no process can be had. Every start that resolved is followed by one exit.
   */
  start(spec: TaskProcessSpec): Promise<{ readonly pid: number }>;
  /** Kills the process with all it started. Its exit follows. An unknown key is no error. */
  kill(key: string): void;
  /** Called once for each process that ended and is certainly gone. Returns how to stop listening. */
  onExit(listener: (exit: TaskProcessExit) => void): () => void;
  /**
   * F, on the monotonic clock: at that instant everything is killed, whatever has become of this process. May move in
   * both directions. Nothing is started before it was set for the first time.
   */
  setDeadline(monotonicMs: number): void;
  /** Keys that were started and whose exit was not told yet. */
  running(): readonly string[];
  /** Kills what runs, and waits until it is gone. Exits are still told. Idempotent. */
  close(): Promise<void>;
}
