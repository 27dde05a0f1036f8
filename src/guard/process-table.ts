/**
 * What is known of the machine's processes, from /proc. On a system without /proc nothing is found, and a process group
 * is the only thing that holds a task together.
 */
import { readdirSync, readFileSync } from "node:fs";
import { errorCode } from "../base/index.ts";

/** Identifies a process for all time: a pid alone is used again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot. */
  readonly startTicks: string;
  /** Of the boot of the machine that the ticks count from. */
  readonly bootId: string;
}

/** Position of the start time in /proc/<pid>/stat, counted after the command's closing bracket (proc(5), field 22). */
const START_TICKS_AFTER_COMMAND = 19;

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    // Gone in between, or not ours to read.
    return undefined;
  }
}

/** Id of this boot of the machine; empty where it is not known. */
export function readBootId(): string {
  return readProc("sys/kernel/random/boot_id")?.trim() ?? "";
}

/** Start time of a process that lives; undefined when there is none, or only its corpse (a zombie runs nothing). */
export function readStartTicks(pid: number): string | undefined {
  const stat = readProc(`${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[START_TICKS_AFTER_COMMAND];
}

/** The identity of a process, undefined when it does not live. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTicks = readStartTicks(pid);
  return startTicks === undefined ? undefined : { pid, startTicks, bootId: readBootId() };
}

/** Whether that very process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return readBootId() === identity.bootId && readStartTicks(identity.pid) === identity.startTicks;
}

/** Entries "NAME=value" that a process has all of in its environment. */
export type EnvironmentMarks = readonly string[];

/** Pids whose environment holds one of the sets of marks entirely. An empty set matches nothing. */
export function findMarkedProcesses(markSets: readonly EnvironmentMarks[]): number[] {
  const sets = markSets.filter((marks) => marks.length > 0);
  if (sets.length === 0) return [];
  return listPids().filter((pid) => {
    const environment = readProc(`${pid}/environ`);
    if (environment === undefined) return false;
    const entries = new Set(environment.split("\0"));
    return sets.some((marks) => marks.every((mark) => entries.has(mark)));
  });
}

function listPids(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Kills one process, or with a negative number a whole group. One that is gone is no error. */
export function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // EPERM: it changed its user; nothing that we could do about it.
    const code = errorCode(error);
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
