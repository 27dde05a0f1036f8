import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import type { Clock } from "../base/index.ts";
import type { GuardReply, GuardRequest } from "./messages.ts";
import { type EnvironmentMarks, findMarkedProcesses, killQuietly } from "./process-table.ts";

type StartRequest = Extract<GuardRequest, { kind: "start" }>;
type ExitReply = Extract<GuardReply, { kind: "exit" }>;

/** Why a process was killed by us. */
export type KillReason = "KILLED" | "LOST";

/**
 * Waits for the word "go" on its standard input, and becomes the script then. End of file instead, because the guard is
 * dead or changed its mind: ends without any effect.
 */
const GATE = 'read -r word && [ "$word" = go ] && exec /bin/sh "$1" </dev/null';

/** Variables by which a process of the task is known, wherever it went. */
const MARKS = ["FAILOVER_TASK_INSTANCE_ID", "FAILOVER_DISPATCH_NO", "FAILOVER_INCARNATION"] as const;

/** Between two looks for survivors. */
const SURVIVORS_EVERY_MS = 5;

/** One task's process group, from the gated shell to the last of its processes. */
export class GuardedProcess {
  readonly key: string;
  readonly pid: number;
  readonly marks: EnvironmentMarks;
  /** Resolves when the shell is gone, and with it everything that had to go. */
  readonly ended: Promise<ExitReply>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #scriptPath: string;
  #killedFor: KillReason | undefined;

  private constructor(request: StartRequest, child: ChildProcess, pid: number, context: Context) {
    this.key = request.key;
    this.pid = pid;
    this.marks = marksOf(request.environment);
    this.#child = child;
    this.#clock = context.clock;
    this.#scriptPath = context.scriptPath;
    this.ended = this.#waitForEnd();
  }

  /** Spawns the gated shell. Throws when that is not possible. */
  static async spawn(request: StartRequest, clock: Clock): Promise<GuardedProcess> {
    mkdirSync(request.workDirectory, { recursive: true });
    mkdirSync(path.dirname(request.logPath), { recursive: true });
    const scriptPath = path.join(request.workDirectory, `${encodeURIComponent(request.key)}.sh`);
    writeFileSync(scriptPath, request.script, { mode: 0o700 });
    const log = openSync(request.logPath, "a");
    try {
      const child = spawn("/bin/sh", ["-c", GATE, "task", scriptPath], {
        cwd: request.workDirectory,
        detached: true,
        env: { ...process.env, ...request.environment },
        stdio: ["pipe", log, log],
      });
      // The shell may be dead before it reads the word.
      child.stdin?.on("error", () => undefined);
      const pid = await spawnedPid(child);
      return new GuardedProcess(request, child, pid, { clock, scriptPath });
    } finally {
      closeSync(log);
    }
  }

  /** Lets the script run. */
  open(): void {
    this.#child.stdin?.end("go\n");
  }

  /** Kills the group now, and whoever left it as soon as they are found. */
  kill(reason: KillReason): void {
    this.#killedFor ??= reason;
    killQuietly(-this.pid);
  }

  async #waitForEnd(): Promise<ExitReply> {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      this.#child.once("exit", (...end) => resolve(end));
    });
    // What the script left in the background belongs to the attempt: it must not run beside the next one.
    killQuietly(-this.pid);
    if (this.#killedFor !== undefined) await killMarked([this.marks], this.#clock);
    rmSync(this.#scriptPath, { force: true });
    return { kind: "exit", key: this.key, endTimeMs: this.#clock.now(), ...this.#judge(code, signal) };
  }

  #judge(code: number | null, signal: NodeJS.Signals | null): Pick<ExitReply, "exitCode" | "outcome"> {
    if (code === 0) return { exitCode: 0, outcome: "SUCCESS" };
    if (this.#killedFor !== undefined) return { exitCode: null, outcome: this.#killedFor };
    // As shells say it.
    const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    return { exitCode, outcome: "FAILURE" };
  }
}

interface Context {
  readonly clock: Clock;
  readonly scriptPath: string;
}

function marksOf(environment: Readonly<Record<string, string>>): EnvironmentMarks {
  return MARKS.filter((name) => environment[name] !== undefined).map(
    (name) => `${name}=${environment[name]}`,
  );
}

function spawnedPid(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    if (child.pid !== undefined) resolve(child.pid);
  });
}

/** Kills what carries the marks until nothing more is found: a process may fork while it is looked for. */
export async function killMarked(markSets: readonly EnvironmentMarks[], clock: Clock): Promise<void> {
  for (;;) {
    const survivors = findMarkedProcesses(markSets);
    if (survivors.length === 0) return;
    for (const pid of survivors) killQuietly(pid);
    await clock.sleep(SURVIVORS_EVERY_MS);
  }
}
