/**
 * Records on disk of the processes that belong to a node, so that its next life, or the node itself after the death of
 * its guard, can end what was left running. A record is safely on disk before its process has any effect.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import path from "node:path";
import { type Clock, waitUntil } from "../base/index.ts";
import {
  type EnvironmentMarks,
  findMarkedProcesses,
  killQuietly,
  type ProcessIdentity,
  readBootId,
  readStartTicks,
} from "./process-table.ts";

/** A task's process; it leads the group of the same number. */
export interface TaskProcessRecord extends ProcessIdentity {
  readonly key: string;
  /** By these whoever left the group is found. */
  readonly marks: EnvironmentMarks;
}

/** The longest time that a killed process may take to go. */
const DEATH_WITHIN_MS = 5000;

const processesFolder = (dataDirectory: string): string => path.join(dataDirectory, "processes");

/** File of the guard's own identity. */
export const guardRecordPath = (dataDirectory: string): string => path.join(dataDirectory, "guard.json");

function recordPath(dataDirectory: string, key: string): string {
  return path.join(processesFolder(dataDirectory), `${encodeURIComponent(key)}.json`);
}

/** Writes a small file so that it survives whatever comes next: complete or not there at all. */
export async function writeDurably(file: string, value: unknown): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const fresh = `${file}.new`;
  const handle = await open(fresh, "w");
  try {
    await handle.writeFile(JSON.stringify(value));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
  const folderHandle = await open(folder, "r");
  try {
    await folderHandle.sync();
  } finally {
    await folderHandle.close();
  }
}

/** Reads what writeDurably wrote; undefined when it is not there or not readable. */
export function readRecord<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Puts a task's process on record. */
export async function recordTaskProcess(dataDirectory: string, record: TaskProcessRecord): Promise<void> {
  await writeDurably(recordPath(dataDirectory, record.key), record);
}

/** Forgets a process that is certainly gone. */
export function forgetTaskProcess(dataDirectory: string, key: string): void {
  rmSync(recordPath(dataDirectory, key), { force: true });
}

function readTaskProcesses(dataDirectory: string): TaskProcessRecord[] {
  const folder = processesFolder(dataDirectory);
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readRecord<TaskProcessRecord>(path.join(folder, name)))
    .filter((record) => record !== undefined);
}

/** Whether the group can only be the recorded one: the kernel gives no pid away that is still the number of a group. */
function isGroupOf(record: TaskProcessRecord): boolean {
  const ticks = readStartTicks(record.pid);
  return ticks === undefined || ticks === record.startTicks;
}

function killOnce(records: readonly TaskProcessRecord[]): number {
  let living = 0;
  for (const record of records) {
    if (readStartTicks(record.pid) === record.startTicks) living += 1;
    if (isGroupOf(record)) killQuietly(-record.pid);
  }
  const marked = findMarkedProcesses(records.map((record) => record.marks));
  for (const pid of marked) killQuietly(pid);
  return living + marked.length;
}

/**
 * Kills everything on record in this data directory, and waits until it is gone. Throws WaitTimeoutError when something
 * cannot be killed.
 */
export async function killRecordedProcesses(dataDirectory: string, clock: Clock): Promise<void> {
  const bootId = readBootId();
  const all = readTaskProcesses(dataDirectory);
  const records = all.filter((record) => record.bootId === bootId);
  await waitUntil({
    clock,
    until: () => (killOnce(records) === 0 ? true : undefined),
    withinMs: DEATH_WITHIN_MS,
    describe: "the task processes of a dead guard to end",
  });
  for (const record of all) forgetTaskProcess(dataDirectory, record.key);
}
