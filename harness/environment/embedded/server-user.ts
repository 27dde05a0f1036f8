import { readFileSync } from "node:fs";
import { environmentError } from "../problems.ts";

/** Whom a server runs as. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Postgres refuses to run as root: root lends it another user, `postgres` where there is one, else `nobody`. Undefined,
 * for everybody else: it runs as who we are.
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields !== undefined) return { name, uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw environmentError({
    code: "postgres-not-startable",
    what: "Postgres does not run as root, and there is no other user to run it as",
    why: "/etc/passwd has neither postgres nor nobody",
    fix: "run as another user, or: useradd --system postgres",
  });
}
