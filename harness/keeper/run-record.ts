import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isRunning, readProcess } from "./process-table.ts";

/** What a run has that would survive it: written to disk before each thing comes into being. */
export interface RunRecord {
  readonly runId: string;
  readonly harness: ProcessIdentity;
  /** Absent until the keeper is started. */
  readonly keeper: ProcessIdentity | undefined;
  readonly directories: readonly string[];
  /** Processes that do not carry the run's mark in their environment. */
  readonly processes: readonly ProcessIdentity[];
  /** True when the run has started, or is about to start, containers with its label. */
  readonly containers: boolean;
}

export interface ProcessIdentity {
  readonly pid: number;
  readonly stamp: string;
}

/** The identity of a running process; with an empty stamp when it is gone already. */
export function identify(pid: number): ProcessIdentity {
  return { pid, stamp: readProcess(pid)?.stamp ?? "" };
}

/** Directory of all run records of this user. */
export function recordDirectory(): string {
  return path.join(tmpdir(), `failover-harness-${process.getuid?.() ?? "user"}`, "runs");
}

/**
 * Makes the directory. Throws when somebody else could write into it: what a record names is removed, so that nobody
 * else
 * may write one.
 */
export function prepareRecordDirectory(directory: string): void {
  const parent = path.dirname(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const each of [parent, directory]) {
    const stat = lstatSync(each);
    const foreign = process.getuid !== undefined && stat.uid !== process.getuid();
    const open = process.platform !== "win32" && (stat.mode & 0o022) !== 0;
    if (!stat.isDirectory() || foreign || open)
      throw new Error(`${each} is not a directory of this user alone`);
  }
}

export function recordFile(directory: string, runId: string): string {
  return path.join(directory, `${runId}.json`);
}

/** Replaces the record at one stroke: whoever reads it sees the old or the new one. */
export function writeRecord(file: string, record: RunRecord): void {
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The record, or undefined when there is none (any more). */
export function readRecord(file: string): RunRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as RunRecord;
  } catch {
    return undefined;
  }
}

/** Removes the record, and its directories when it was the last. */
export function removeRecord(file: string): void {
  rmSync(file, { force: true });
  rmSync(`${file}.new`, { force: true });
  try {
    rmdirSync(path.dirname(file));
    rmdirSync(path.dirname(path.dirname(file)));
  } catch {
    // Not empty: another run's record is there.
  }
}

/** Records of runs of which neither the harness nor the keeper lives: nobody cleans up behind them but us. */
export function staleRecords(directory: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => path.join(directory, name))
    .filter((file) => {
      const record = readRecord(file);
      return record !== undefined && !isAlive(record.harness) && !isAlive(record.keeper);
    });
}

function isAlive(identity: ProcessIdentity | undefined): boolean {
  return identity !== undefined && isRunning(identity.pid, identity.stamp);
}
