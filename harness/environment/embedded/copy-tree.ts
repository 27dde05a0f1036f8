import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { promisify } from "node:util";
import type { ServerUser } from "./server-user.ts";

const execute = promisify(execFile);

/**
 * Copies a directory to a place that does not exist yet, links as links, and gives it to the user. `cp` where there is
 * one: a data directory of a thousand files takes it 20 ms.
 */
export async function copyTree(from: string, to: string, owner: ServerUser | undefined): Promise<void> {
  if (process.platform === "win32") {
    await cp(from, to, { recursive: true, verbatimSymlinks: true, errorOnExist: true });
    return;
  }
  await execute("cp", ["-R", "-p", from, to]);
  if (owner !== undefined) await execute("chown", ["-R", `${owner.uid}:${owner.gid}`, to]);
}
