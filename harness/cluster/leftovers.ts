import { readdirSync, readFileSync } from "node:fs";
import { type Clock, WaitTimeoutError, waitUntil } from "../../src/base/index.ts";

/** Pids of all processes whose environment says `name=value`: guards and task shells of a cluster inherit its mark. */
export function processesWith(name: string, value: string): readonly number[] {
  const mark = `${name}=${value}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => environmentOf(pid).includes(mark))
    .map(Number);
}

/** Empty for a process that is gone, a zombie, or somebody else's. */
function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

export interface ClearOptions {
  readonly name: string;
  readonly value: string;
  readonly clock: Clock;
  /** How long they may take to go by themselves: a guard first ends its tasks and its node's session. */
  readonly graceMs: number;
}

/** Waits until no process with the mark is left; kills those that stay. Returns the pids that had to be killed. */
export async function clearLeftovers(options: ClearOptions): Promise<readonly number[]> {
  const { name, value, clock, graceMs } = options;
  const left = (): readonly number[] => processesWith(name, value);
  const gone = (withinMs: number): Promise<true> =>
    waitUntil({
      clock,
      until: () => (left().length === 0 ? true : undefined),
      withinMs,
      everyMs: 20,
      describe: `the processes with ${name}=${value} to end`,
      lastSeen: () => `pids ${left().join(", ")}`,
    });
  try {
    await gone(graceMs);
    return [];
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
  }
  const stubborn = left();
  for (const pid of stubborn) endProcess(pid);
  await gone(graceMs);
  return stubborn;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It went by itself between the look and the signal.
  }
}
