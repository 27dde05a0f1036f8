import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { type Clock, errorMessage } from "../../../src/base/index.ts";
import { projectRoot } from "../../keeper/index.ts";
import { freePort } from "../free-port.ts";
import { environmentError, tellingLine, wellKnownProblem } from "../problems.ts";
import { createTemplateDatabase } from "../template-database.ts";
import { copyTree } from "./copy-tree.ts";
import { createPostgresServer, type PostgresServerOptions } from "./postgres-server.ts";

const execute = promisify(execFile);

const CACHE_AGE_MS = 24 * 60 * 60 * 1000;

/** What a prepared data directory is made from. */
export interface PreparationOptions extends Omit<PostgresServerOptions, "dataDirectory" | "port"> {
  /** Undefined: a server without the template database. */
  readonly nodeProgram: string | undefined;
  /** Directory of the run's servers. */
  readonly runDirectory: string;
}

/**
 * A data directory with the template database in it, from which every server of the run is copied. Never started
 * itself.
 *
 * It is made once per version of Postgres and of the migrations and kept in node_modules/.cache, since initdb and the
 * migration take a second, and a copy 30 ms. Where nothing can be written there, each run makes its own.
 */
export async function preparedData(options: PreparationOptions): Promise<string> {
  const cache = path.join(projectRoot(), "node_modules", ".cache", "failover-harness");
  const name = cacheName(options);
  const cached = path.join(cache, name);
  if (existsSync(cached)) return cached;
  const fresh = await prepare(options);
  await publish(fresh, path.join(cache, name), options.clock);
  return fresh;
}

function cacheName({ binaries, nodeProgram }: PreparationOptions): string {
  const platform = `postgres-${binaries.version}-${process.platform}-${process.arch}`;
  if (nodeProgram === undefined) return `${platform}-plain`;
  const built = existsSync(nodeProgram) ? readFileSync(nodeProgram) : "not built";
  return `${platform}-${createHash("sha256").update(built).digest("hex").slice(0, 16)}`;
}

async function prepare(options: PreparationOptions): Promise<string> {
  const { runDirectory, user, nodeProgram, keeper } = options;
  const dataDirectory = path.join(runDirectory, "prepared");
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  mkdirSync(dataDirectory, { mode: 0o700 });
  if (user !== undefined) await execute("chown", [`${user.uid}:${user.gid}`, dataDirectory]);
  try {
    await execute(options.binaries.initdb, initdbArguments(dataDirectory), {
      ...identity,
      cwd: path.parse(runDirectory).root,
      env: { ...process.env, ...keeper.environment, LC_ALL: "C", TZ: "UTC" },
    });
  } catch (error) {
    const text = errorMessage(error);
    const problem = wellKnownProblem(text, runDirectory) ?? {
      code: "postgres-not-startable",
      what: "initdb could not make a data directory",
      why: tellingLine(text),
      fix: "rm -r node_modules && npm ci; or use --env containers",
    };
    throw environmentError(problem, error);
  }
  const server = createPostgresServer({ ...options, dataDirectory, port: await freePort() });
  await server.start();
  try {
    if (nodeProgram !== undefined)
      await createTemplateDatabase({ address: server.address, nodeProgram, keeper });
  } finally {
    await server.stop();
  }
  return dataDirectory;
}

function initdbArguments(dataDirectory: string): readonly string[] {
  return [
    `--pgdata=${dataDirectory}`,
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    // 16 MB would be most of what is copied for each server.
    "--wal-segsize=4",
  ];
}

/** Puts a copy beside the place and moves it there at one stroke, so that nobody ever finds half of it. */
async function publish(fresh: string, place: string, clock: Clock): Promise<void> {
  const cache = path.dirname(place);
  const half = `${place}.half.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
    await copyTree(fresh, half, undefined);
    renameSync(half, place);
    prune(cache, clock);
  } catch {
    // Only slower the next time: a read-only checkout, a full disk, or another run was first.
    rmSync(half, { recursive: true, force: true });
  }
}

/** Every build of the product leaves one here. Those of today may be in use by another run. */
function prune(cache: string, clock: Clock): void {
  for (const name of readdirSync(cache)) {
    const old = path.join(cache, name);
    if (clock.now() - statSync(old).ctimeMs > CACHE_AGE_MS) rmSync(old, { recursive: true, force: true });
  }
}
