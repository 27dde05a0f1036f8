import { readdir, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";

/** A log file of an attempt. */
export interface LogFile {
  readonly file: string;
  readonly bytes: number;
  /** Last written, wall clock, milliseconds. */
  readonly writtenMs: number;
}

/** Bounds of what a worker keeps. */
export interface LogBounds {
  readonly retentionMs: number;
  readonly limitBytes: number;
}

/** 7 days and 1 GiB: enough to look at last week's failure, and no disk is filled by logs that nobody reads. */
export const DEFAULT_LOG_BOUNDS: LogBounds = { retentionMs: 7 * 86_400_000, limitBytes: 1024 ** 3 };

/** Which logs go: those that are too old, then the oldest until the rest fits. `isLive` names what still runs. */
export function planPruning(
  files: readonly LogFile[],
  bounds: LogBounds,
  now: { readonly nowMs: number; readonly isLive: (file: string) => boolean },
): readonly string[] {
  const oldestFirst = files.toSorted((one, other) => one.writtenMs - other.writtenMs);
  let left = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const gone: string[] = [];
  for (const { file, bytes, writtenMs } of oldestFirst) {
    const tooOld = now.nowMs - writtenMs > bounds.retentionMs;
    if ((!tooOld && left <= bounds.limitBytes) || now.isLive(file)) continue;
    gone.push(file);
    left -= bytes;
  }
  return gone;
}

async function listLogs(folder: string): Promise<readonly LogFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".log"))
    .map(async (entry): Promise<LogFile | undefined> => {
      const file = path.join(entry.parentPath, entry.name);
      // Gone since it was listed.
      const found = await stat(file).catch(() => undefined);
      return found === undefined ? undefined : { file, bytes: found.size, writtenMs: found.mtimeMs };
    });
  return (await Promise.all(files)).filter((file) => file !== undefined);
}

/** Removes logs of tasks beyond the bounds, and folders that are empty then. Gives the number of logs removed. */
export async function pruneLogs(
  folder: string,
  bounds: LogBounds,
  now: { readonly nowMs: number; readonly isLive: (file: string) => boolean },
): Promise<number> {
  const gone = planPruning(await listLogs(folder), bounds, now);
  for (const file of gone) {
    await rm(file, { force: true });
    // Only an empty folder goes; the next log makes it again.
    await rmdir(path.dirname(file)).catch(() => undefined);
  }
  return gone.length;
}
