import { mkdirSync } from "node:fs";
import { type Clock, errorMessage } from "../../base/index.ts";
import { type GuardReply, killRecordedProcesses } from "../../guard/index.ts";
import { type GuardLink, startGuard } from "./guard-link.ts";
import {
  NotStartedError,
  type TaskProcessExit,
  type TaskProcesses,
  type TaskProcessSpec,
} from "./task-processes.ts";

/** What guarded processes need. */
export interface GuardedProcessesOptions {
  /** The node's own directory: pid records go to `processes/` in it. */
  readonly dataDirectory: string;
  readonly clock: Clock;
  /** The bundled guard, dist/guard.cjs. */
  readonly guardPath: string;
  /** Environment of the guard and of every task, below what the task's own specification says. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Called when no guard can be had any more, or a process of a dead one cannot be killed: only the end of this node is
   * safe then. Default: exit code 1 at once.
   */
  readonly onBroken?: (reason: string) => void;
  /**
   * False: resolves at once; what is asked for before the guard is ready waits for it, and one that cannot be started
   * is told by `onBroken`. Default true.
   */
  readonly waitUntilReady?: boolean;
}

/** A guard needs some 40 ms to start; so long on the slowest machine. */
const GUARD_READY_WITHIN_MS = 10_000;

/**
 * Starts a guard beside this process and resolves when it is ready. Throws when it cannot be started.
 * A guard that dies is replaced; what it ran is killed and told as LOST.
 */
export async function startGuardedProcesses(options: GuardedProcessesOptions): Promise<TaskProcesses> {
  mkdirSync(options.dataDirectory, { recursive: true });
  const processes = new GuardedProcesses(options);
  if (options.waitUntilReady ?? true) await processes.ready();
  return processes;
}

/** A start that the guard has not answered yet. */
interface PendingStart {
  readonly resolve: (started: { pid: number }) => void;
  readonly reject: (error: Error) => void;
}

class GuardedProcesses implements TaskProcesses {
  readonly #options: GuardedProcessesOptions;
  readonly #pending = new Map<string, PendingStart>();
  readonly #running = new Set<string>();
  readonly #listeners = new Set<(exit: TaskProcessExit) => void>();
  #deadlineMs: number | undefined;
  #guard: GuardLink;
  #ready: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #onReady: () => void = () => undefined;
  #guardWasReady = false;

  constructor(options: GuardedProcessesOptions) {
    this.#options = options;
    this.#guard = this.#startGuard();
  }

  /** Resolves when the first guard is ready. */
  ready(): Promise<void> {
    const { clock, guardPath } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (what: string): void => {
        if (this.#guardWasReady) return;
        timer.cancel();
        // Nobody has these processes yet: nothing to replace the guard for.
        this.#closing ??= Promise.resolve();
        this.#guard.end();
        reject(new Error(`the guard ${guardPath} ${what}; "npm run build" builds it`));
      };
      const timer = clock.setTimer(GUARD_READY_WITHIN_MS, () => fail("did not get ready in time"));
      void this.#guard.gone.then(() => fail("ended at its start"));
      void this.#ready.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  start(spec: TaskProcessSpec): Promise<{ readonly pid: number }> {
    const { key, script, environmentConfig, environment, logPath, workDirectory } = spec;
    // A node that leaves is no fault of the script: it must not fail for that.
    if (this.#closing !== undefined)
      return Promise.reject(new NotStartedError("task processes are being closed", true));
    if (this.#running.has(key) || this.#pending.has(key)) {
      return Promise.reject(new Error(`a process with the key ${key} is running already`));
    }
    return new Promise((resolve, reject) => {
      this.#pending.set(key, { resolve, reject });
      const text = environmentConfig === "" ? script : `${environmentConfig}\n${script}`;
      this.#guard.send({ kind: "start", key, script: text, environment, logPath, workDirectory });
    });
  }

  kill(key: string): void {
    this.#guard.send({ kind: "kill", key });
  }

  onExit(listener: (exit: TaskProcessExit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setDeadline(monotonicMs: number): void {
    this.#deadlineMs = monotonicMs;
    this.#sendDeadline();
  }

  running(): readonly string[] {
    return [...this.#running];
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#guard.end();
    await this.#guard.gone;
    await this.#buryAll("task processes are being closed");
  }

  #startGuard(): GuardLink {
    this.#guardWasReady = false;
    this.#ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    const guard = startGuard({ ...this.#options, onReply: (reply) => this.#handle(reply) });
    void guard.gone.then(() => this.#replaceGuard());
    return guard;
  }

  async #replaceGuard(): Promise<void> {
    if (this.#closing !== undefined) return;
    try {
      await this.#buryAll("the guard of this node ended");
    } catch (error) {
      this.#break(`a task process outlived its guard: ${errorMessage(error)}`);
      return;
    }
    if (this.#closing !== undefined) return;
    // One that does not even start would be replaced for ever.
    if (!this.#guardWasReady) {
      this.#break(`the guard ${this.#options.guardPath} ends at its start`);
      return;
    }
    this.#guard = this.#startGuard();
    this.#sendDeadline();
  }

  #break(reason: string): void {
    const exit = (): void => process.exit(1);
    (this.#options.onBroken ?? exit)(reason);
  }

  /** Kills what the dead guard may have left, and tells it as LOST. */
  async #buryAll(reason: string): Promise<void> {
    await killRecordedProcesses(this.#options.dataDirectory, this.#options.clock);
    for (const [key, { reject }] of this.#pending) {
      this.#pending.delete(key);
      reject(new NotStartedError(reason, true));
    }
    const endTimeMs = this.#options.clock.now();
    for (const key of this.#running) this.#tellExit({ key, exitCode: null, outcome: "LOST", endTimeMs });
  }

  #sendDeadline(): void {
    if (this.#deadlineMs !== undefined) this.#guard.send({ kind: "deadline", monotonicMs: this.#deadlineMs });
  }

  #handle(reply: GuardReply): void {
    switch (reply.kind) {
      case "ready":
        this.#guardWasReady = true;
        this.#onReady();
        return;
      case "started":
        this.#running.add(reply.key);
        this.#takePending(reply.key)?.resolve({ pid: reply.pid });
        return;
      case "refused":
        this.#takePending(reply.key)?.reject(new NotStartedError(reply.reason, reply.leaseOver));
        return;
      case "exit": {
        const { key, exitCode, outcome, endTimeMs } = reply;
        this.#tellExit({ key, exitCode, outcome, endTimeMs });
        return;
      }
    }
  }

  #takePending(key: string): PendingStart | undefined {
    const pending = this.#pending.get(key);
    this.#pending.delete(key);
    return pending;
  }

  #tellExit(exit: TaskProcessExit): void {
    if (!this.#running.delete(exit.key)) return;
    for (const listener of this.#listeners) listener(exit);
  }
}
