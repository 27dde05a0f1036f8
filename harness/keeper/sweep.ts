import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { type Clock, errorMessage, WaitTimeoutError, waitUntil } from "../../src/base/index.ts";
import { removeRunContainers } from "./docker-socket.ts";
import { isRunning, listProcesses, pidsWithEnvironment, withDescendants } from "./process-table.ts";
import { type RunRecord, readRecord, removeRecord } from "./run-record.ts";

/** Every process of a run has this variable, with the run's id, in its environment. */
export const RUN_MARK = "FAILOVER_RUN_ID";

/** What was still there of a run, and was removed. All empty after a run that cleaned up behind itself. */
export interface SweepReport {
  readonly processes: readonly number[];
  readonly directories: readonly string[];
  readonly containers: readonly string[];
  /** What could not be removed, in words. */
  readonly failures: readonly string[];
}

const PROCESS_LIMIT_MS = 10_000;
const DIRECTORY_LIMIT_MS = 5_000;

/** Ends and removes everything that a run left, then forgets it. Goes on after a failure. */
export async function sweepRun(file: string, clock: Clock): Promise<SweepReport> {
  const record = readRecord(file);
  if (record === undefined) return { processes: [], directories: [], containers: [], failures: [] };
  const failures: string[] = [];
  const attempt = async <T>(step: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await step();
    } catch (error) {
      failures.push(errorMessage(error));
      return [];
    }
  };
  const processes = await attempt(() => endProcesses(record, clock));
  const containers = record.containers ? await attempt(() => removeContainers(record.runId, clock)) : [];
  const directories = await attempt(() => removeDirectories(record.directories, clock));
  if (failures.length === 0) removeRecord(file);
  return { processes, directories, containers, failures };
}

/** SIGCONT, then SIGKILL, until none is left: a process may fork while it is being looked for. */
async function endProcesses(record: RunRecord, clock: Clock): Promise<readonly number[]> {
  const ended = new Set<number>();
  await waitUntil({
    clock,
    withinMs: PROCESS_LIMIT_MS,
    everyMs: 15,
    describe: `the end of all processes of run ${record.runId}`,
    lastSeen: () => `${[...ended].join(", ")} were told to end`,
    until: () => {
      const victims = processesOf(record);
      for (const pid of victims) {
        ended.add(pid);
        signal(pid, "SIGCONT");
        signal(pid, "SIGKILL");
      }
      return victims.length === 0 ? true : undefined;
    },
  });
  return [...ended];
}

function processesOf(record: RunRecord): readonly number[] {
  const roots = new Set(pidsWithEnvironment(`${RUN_MARK}=${record.runId}`));
  for (const { pid, stamp } of record.processes) if (isRunning(pid, stamp)) roots.add(pid);
  // Some servers write their title over their environment (Postgres): they are found below their parent.
  const table = listProcesses().filter(({ state }) => state !== "Z");
  const running = new Set(table.map(({ pid }) => pid));
  return [...withDescendants(roots, table)].filter((pid) => pid !== process.pid && running.has(pid));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

/** A container that the daemon was making when the harness died appears late: two empty looks, 500 ms apart, end it. */
async function removeContainers(runId: string, clock: Clock): Promise<readonly string[]> {
  const removed = new Set<string>();
  let emptyLooks = 0;
  await waitUntil({
    clock,
    withinMs: 30_000,
    everyMs: 500,
    describe: `the removal of the containers of run ${runId}`,
    until: async () => {
      const found = await removeRunContainers(runId);
      for (const id of found) removed.add(id);
      emptyLooks = found.length === 0 ? emptyLooks + 1 : 0;
      return emptyLooks >= 2 ? true : undefined;
    },
  });
  return [...removed];
}

async function removeDirectories(directories: readonly string[], clock: Clock): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const directory of directories) {
    if (!exists(directory)) continue;
    removed.push(directory);
    removeSharedMemory(directory);
    await removeDirectory(directory, clock);
  }
  return removed;
}

/** Removes a tree, again and again while somebody still writes into it. */
export async function removeDirectory(directory: string, clock: Clock): Promise<void> {
  let last = "";
  const until = (): true | undefined => {
    try {
      rmSync(directory, { recursive: true, force: true });
      return true;
    } catch (error) {
      last = errorMessage(error);
      return undefined;
    }
  };
  try {
    await waitUntil({ clock, withinMs: DIRECTORY_LIMIT_MS, describe: `the removal of ${directory}`, until });
  } catch (error) {
    if (error instanceof WaitTimeoutError)
      throw new Error(`could not remove ${directory}: ${last}`, { cause: error });
    throw error;
  }
}

function exists(directory: string): boolean {
  try {
    readdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes the System V segments of Postgres servers that were killed: each data directory below notes the id of its
 * segment
 * on line 7 of postmaster.pid, and nothing else would ever remove it.
 */
export function removeSharedMemory(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) removeSharedMemoryOf(path.join(directory, entry.name));
  }
  removeSharedMemoryOf(directory);
}

function removeSharedMemoryOf(dataDirectory: string): void {
  let note: string;
  try {
    note = readFileSync(path.join(dataDirectory, "postmaster.pid"), "utf8");
  } catch {
    // Not a data directory, or its server was stopped properly.
    return;
  }
  const segment = /^\s*\d+\s+(\d+)\s*$/.exec(note.split("\n")[6] ?? "")?.[1];
  if (segment === undefined) return;
  try {
    execFileSync("ipcrm", ["-m", segment], { stdio: "ignore" });
  } catch {
    // Gone already.
  }
}
