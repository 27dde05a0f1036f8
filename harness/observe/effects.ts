import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TaskStart } from "./evidence.ts";

/**
 * What a run of a task leaves behind, written by the wrapper around its script and read by the judge:
 *
 *     effects/<workflow>.<task>/<workflow instance id>/<n>/
 *       started    <task instance id> <dispatch no> <node address> <pid> <epoch ns> (more may follow)
 *       finished   <exit code> <epoch ns>
 *       overlaps   one number of a run that was alive per line
 *
 * `<n>` is the run's number, from 1: the directory is made with `mkdir`, which only one of two runs can do.
 */
export const EFFECT_FILES = {
  directory: "effects",
  started: "started",
  finished: "finished",
  overlaps: "overlaps",
} as const;

/** The directory of a run, below the case's folder. */
export function effectDirectory(
  task: string,
  workflowInstanceId: number | string,
  run: number | string,
): string {
  return `${EFFECT_FILES.directory}/${task}/${workflowInstanceId}/${run}`;
}

export interface EffectsOptions {
  /** Folder of the case. */
  readonly workDirectory: string;
  /** Wall clock of the case's start, milliseconds since the epoch. */
  readonly startWallMs: number;
}

const NANOSECONDS_PER_MILLISECOND = 1e6;

/** All starts of task scripts that left an effect, by task, instance and run. Half-written ones are left out. */
export async function readTaskStarts(options: EffectsOptions): Promise<readonly TaskStart[]> {
  const root = join(options.workDirectory, EFFECT_FILES.directory);
  const starts: TaskStart[] = [];
  for (const task of await namesIn(root)) {
    for (const instance of await namesIn(join(root, task), byNumber)) {
      for (const run of await namesIn(join(root, task, instance), byNumber)) {
        const start = await readStart(join(root, task, instance, run), { task, instance, run }, options);
        if (start !== undefined) starts.push(start);
      }
    }
  }
  return starts;
}

interface StartKey {
  readonly task: string;
  readonly instance: string;
  readonly run: string;
}

async function readStart(
  directory: string,
  key: StartKey,
  options: EffectsOptions,
): Promise<TaskStart | undefined> {
  const started = firstLine(await textOf(join(directory, EFFECT_FILES.started)));
  // A run makes its directory first: without the file it has not come further yet, or was killed in between.
  if (started.length < 5) return undefined;
  const finished = firstLine(await textOf(join(directory, EFFECT_FILES.finished)));
  const overlaps = (await textOf(join(directory, EFFECT_FILES.overlaps)))
    .split(/\s+/)
    .filter((word) => word !== "");
  const at = (nanoseconds: string | undefined): number =>
    Number(nanoseconds) / NANOSECONDS_PER_MILLISECOND - options.startWallMs;
  const isFinished = finished.length >= 2;
  const dot = key.task.indexOf(".");
  return {
    workflow: key.task.slice(0, dot),
    task: key.task.slice(dot + 1),
    workflowInstanceId: Number(key.instance),
    taskInstanceId: Number(started[0]),
    run: Number(key.run),
    startedAtMs: at(started[4]),
    finishedAtMs: isFinished ? at(finished[1]) : undefined,
    exitCode: isFinished ? Number(finished[0]) : undefined,
    overlaps: overlaps.map(Number),
    node: started[2] ?? "",
    alive: !isFinished && (await isTaskProcess(Number(started[3]))),
  };
}

/** The pid may have been given to somebody else since: only a process with a task's environment counts. */
async function isTaskProcess(pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  return (await textOf(`/proc/${pid}/environ`)).includes("FAILOVER_TASK_INSTANCE_ID=");
}

function firstLine(text: string): readonly string[] {
  const line = text.split("\n")[0] ?? "";
  // The newline is written last: a line without one is still being written.
  return text.includes("\n") ? line.trim().split(/\s+/) : [];
}

async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

const byNumber = (one: string, other: string): number => Number(one) - Number(other);

async function namesIn(
  directory: string,
  order?: (one: string, other: string) => number,
): Promise<readonly string[]> {
  return (await readdir(directory).catch(() => [])).sort(order);
}
