import type { ChildProcess } from "node:child_process";
import { type Clock, required, waitUntil } from "../../../src/base/index.ts";
import {
  isRunning,
  listProcesses,
  type ProcessEntry,
  readProcess,
  withDescendants,
} from "../../keeper/index.ts";

/** A server process with its children, as one thing to be broken. Each call resolves when the effect is seen. */
export interface ProcessTree {
  /** Asks the root to end. When it has not after the limit: kills. */
  end(signal: NodeJS.Signals, withinMs: number): Promise<void>;
  /** SIGKILL to all of them. */
  kill(): Promise<void>;
  /** SIGSTOP to all of them. */
  pause(): Promise<void>;
  /** SIGCONT to all of them. */
  resume(): Promise<void>;
}

const EFFECT_LIMIT_MS = 5_000;

export function createProcessTree(child: ChildProcess, clock: Clock): ProcessTree {
  const root = required(child.pid, "pid of the server");

  const members = (): readonly ProcessEntry[] => {
    const table = listProcesses().filter(({ state }) => state !== "Z");
    const pids = withDescendants(new Set([root]), table);
    return table.filter(({ pid }) => pids.has(pid));
  };
  const stopAll = async (): Promise<readonly ProcessEntry[]> => {
    // The root first: from then on nobody forks.
    send(root, "SIGSTOP");
    await seen(clock, "a server to stop", () => isStopped(root) || !isRunning(root));
    const all = members();
    for (const { pid } of all) send(pid, "SIGSTOP");
    await seen(clock, "all processes of a server to stop", () =>
      all.every(({ pid, stamp }) => isStopped(pid) || !isRunning(pid, stamp)),
    );
    return all;
  };
  const kill = async (): Promise<void> => {
    const all = await stopAll();
    for (const { pid } of all) send(pid, "SIGKILL");
    await seen(clock, "all processes of a server to be gone", () =>
      all.every(({ pid, stamp }) => !isRunning(pid, stamp)),
    );
  };
  return {
    kill,
    async pause() {
      await stopAll();
    },
    async resume() {
      const all = members();
      for (const { pid } of all.toReversed()) send(pid, "SIGCONT");
      await seen(clock, "all processes of a server to run again", () =>
        all.every(({ pid }) => !isStopped(pid)),
      );
    },
    async end(signal, withinMs) {
      for (const { pid } of members()) send(pid, "SIGCONT");
      send(root, signal);
      try {
        const until = (): true | undefined => (isRunning(root) ? undefined : true);
        await waitUntil({ clock, withinMs, everyMs: 5, describe: "a server to end", until });
      } catch {
        await kill();
      }
    },
  };
}

function isStopped(pid: number): boolean {
  return readProcess(pid)?.state === "T";
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already: what was wanted, or seen by who waits for the effect.
  }
}

async function seen(clock: Clock, describe: string, condition: () => boolean): Promise<void> {
  const until = (): true | undefined => (condition() ? true : undefined);
  await waitUntil({ clock, withinMs: EFFECT_LIMIT_MS, everyMs: 2, describe, until });
}
