import { accessSync, constants, mkdirSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Keeper } from "../../keeper/index.ts";
import { environmentError, explain } from "../problems.ts";

/** A data directory, its copies and the cases' databases need about half of it. */
const NEEDED_BYTES = 400 * 1024 * 1024;
const RAM_DISK = "/dev/shm";

/**
 * Makes the directory of the run's servers: in memory where there is room (a database copy takes 8 ms there, 15 to 150
 * ms
 * on a disk), else among the temporary files. Owned by the keeper.
 */
export function makeRunDirectory(keeper: Keeper): string {
  const parent = freeBytes(RAM_DISK) >= NEEDED_BYTES ? RAM_DISK : tmpdir();
  const free = freeBytes(parent);
  if (free < NEEDED_BYTES) {
    throw environmentError({
      code: "disk-full",
      what: `not enough space in ${parent} for a database server`,
      why: `${Math.floor(free / 1024 / 1024)} MB are free and writable, ${NEEDED_BYTES / 1024 / 1024} MB are needed`,
      fix: `free some space, or set TMPDIR to a directory that has it`,
    });
  }
  return makeOwnedDirectory(path.join(parent, `failover-harness-${keeper.runId}-data`), keeper);
}

/** Makes a directory that goes with the run. Others may pass through, not look: servers may run as another user. */
export function makeOwnedDirectory(directory: string, keeper: Keeper): string {
  keeper.own({ kind: "directory", path: directory });
  try {
    mkdirSync(directory, { recursive: true, mode: 0o711 });
  } catch (error) {
    throw explain(error, directory, { code: "disk-full", what: `${directory} could not be made` });
  }
  return directory;
}

function freeBytes(directory: string): number {
  try {
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
