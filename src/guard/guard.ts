import type { Clock, Timer } from "../base/index.ts";
import { errorMessage } from "../base/index.ts";
import { GuardedProcess, type KillReason, killMarked } from "./guarded-process.ts";
import type { GuardReply, GuardRequest } from "./messages.ts";
import { forgetTaskProcess, recordTaskProcess } from "./pid-records.ts";
import { identifyProcess } from "./process-table.ts";

/** What the guard works with. */
export interface GuardOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly reply: (reply: GuardReply) => void;
}

/** Longest delay that a timer of Node takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** F has passed: this node may start nothing. */
class LeaseOverError extends Error {
  override readonly name = "LeaseOverError";

  constructor() {
    super("the lease of this node has run out");
  }
}

/**
 * Parent of all task processes of a node. Knows F, the instant past which the node may have no effect, and kills
 * everything then; the node need not be able to act for that.
 *
 * A start is: 1 spawn the shell behind its gate; 2 put its pid on disk; 3 open the gate, if F is still ahead and nobody
 * asked for its death. Whoever dies in between, the script has not run.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #processes = new Map<string, GuardedProcess | "starting">();
  /** Asked for while the process was still starting. */
  readonly #killedAtStart = new Map<string, KillReason>();
  /** All lives of the node that tasks ran for: whoever carries one of them is a task's process. */
  readonly #incarnations = new Set<string>();
  #deadlineMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Carries out what the node asks. */
  handle(request: GuardRequest): void {
    switch (request.kind) {
      case "start":
        void this.#start(request);
        return;
      case "kill":
        this.#kill(request.key, "KILLED");
        return;
      case "deadline":
        this.#deadlineMs = request.monotonicMs;
        this.#watchDeadline();
        return;
    }
  }

  /** Kills everything, and resolves when nothing of it is left. */
  async killAll(): Promise<void> {
    const all = [...this.#processes];
    for (const [key] of all) this.#kill(key, "LOST");
    const marks = [...this.#incarnations].map((incarnation) => [`FAILOVER_INCARNATION=${incarnation}`]);
    await killMarked(marks, this.#options.clock);
    for (const [, entry] of all) if (entry !== "starting") await entry.ended;
  }

  #watchDeadline(): void {
    this.#timer?.cancel();
    const leftMs = this.#deadlineMs - this.#options.clock.monotonicMs();
    if (leftMs <= 0) {
      void this.killAll();
      return;
    }
    // Rounded up, since a timer may fire a fraction early; then it is simply set again.
    const delayMs = Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS);
    this.#timer = this.#options.clock.setTimer(delayMs, () => this.#watchDeadline());
  }

  #kill(key: string, reason: KillReason): void {
    const entry = this.#processes.get(key);
    if (entry === "starting") this.#killedAtStart.set(key, reason);
    else entry?.kill(reason);
  }

  async #start(request: Extract<GuardRequest, { kind: "start" }>): Promise<void> {
    const { key } = request;
    if (this.#processes.has(key)) {
      this.#refuse(key, new Error("it is running already"), { keep: true });
      return;
    }
    this.#processes.set(key, "starting");
    try {
      const started = await this.#spawnOnRecord(request);
      const obstacle = this.#obstacle(key);
      if (obstacle === undefined) {
        this.#run(started);
        return;
      }
      started.kill("LOST");
      await started.ended;
      this.#refuse(key, obstacle);
    } catch (error) {
      this.#refuse(key, error);
    }
  }

  #refuse(key: string, error: unknown, { keep } = { keep: false }): void {
    if (!keep) this.#forget(key);
    const leaseOver = error instanceof LeaseOverError;
    this.#options.reply({ kind: "refused", key, reason: errorMessage(error), leaseOver });
  }

  /** Steps 1 and 2. */
  async #spawnOnRecord(request: Extract<GuardRequest, { kind: "start" }>): Promise<GuardedProcess> {
    const obstacle = this.#obstacle(request.key);
    if (obstacle !== undefined) throw obstacle;
    const incarnation = request.environment.FAILOVER_INCARNATION;
    if (incarnation !== undefined) this.#incarnations.add(incarnation);
    const spawned = await GuardedProcess.spawn(request, this.#options.clock);
    try {
      const identity = identifyProcess(spawned.pid) ?? { pid: spawned.pid, startTicks: "", bootId: "" };
      const record = { ...identity, key: spawned.key, marks: spawned.marks };
      await recordTaskProcess(this.#options.dataDirectory, record);
    } catch (error) {
      spawned.kill("LOST");
      throw new Error(`its pid could not be put on disk in ${this.#options.dataDirectory}`, { cause: error });
    }
    return spawned;
  }

  /** Why the gate must stay closed. */
  #obstacle(key: string): Error | undefined {
    if (this.#options.clock.monotonicMs() >= this.#deadlineMs) return new LeaseOverError();
    return this.#killedAtStart.has(key) ? new Error("it was killed before it started") : undefined;
  }

  /** Step 3. */
  #run(started: GuardedProcess): void {
    this.#processes.set(started.key, started);
    started.open();
    this.#options.reply({ kind: "started", key: started.key, pid: started.pid });
    void started.ended.then((exit) => {
      this.#forget(started.key);
      this.#options.reply(exit);
    });
  }

  #forget(key: string): void {
    this.#processes.delete(key);
    this.#killedAtStart.delete(key);
    forgetTaskProcess(this.#options.dataDirectory, key);
  }
}
