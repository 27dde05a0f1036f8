import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { type Clock, errorMessage } from "../../../src/base/index.ts";
import { type Keeper, removeSharedMemory } from "../../keeper/index.ts";
import type { ServiceHandle } from "../environment.ts";
import { type PostgresAddress, waitForPostgres } from "../postgres-client.ts";
import { postgresSettings, settingArguments } from "../postgres-settings.ts";
import { environmentError, tellingLine, wellKnownProblem } from "../problems.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { createProcessTree, type ProcessTree } from "./process-tree.ts";
import type { ServerUser } from "./server-user.ts";

export interface PostgresServerOptions {
  readonly binaries: PostgresBinaries;
  readonly user: ServerUser | undefined;
  readonly dataDirectory: string;
  readonly port: number;
  /** Its output is appended to this file. */
  readonly logFile: string;
  readonly keeper: Keeper;
  readonly clock: Clock;
}

/** A Postgres that we started. `start` first; then it can be broken. */
export interface PostgresServer extends ServiceHandle {
  readonly address: PostgresAddress;
}

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;

export function createPostgresServer(options: PostgresServerOptions): PostgresServer {
  const { dataDirectory, port, logFile, clock } = options;
  const address = { host: "127.0.0.1", port };
  let tree: ProcessTree | undefined;

  const running = (): ProcessTree => {
    if (tree === undefined) throw new Error(`Postgres on port ${port} is not running`);
    return tree;
  };
  const answer = (child: ChildProcess): Promise<void> =>
    waitForPostgres({
      address,
      clock,
      withinMs: START_LIMIT_MS,
      gaveUp: () => (hasEnded(child) ? "it ended" : undefined),
    });

  return {
    address,
    async start() {
      const child = launch(options);
      try {
        await answer(child);
      } catch (error) {
        child.kill("SIGKILL");
        throw notStarted(error, logFile);
      }
      tree = createProcessTree(child, clock);
    },
    async stop() {
      if (tree === undefined) return;
      // SIGINT is Postgres's fast shutdown: it ends the connections and does not wait for clients.
      await tree.end("SIGINT", STOP_LIMIT_MS);
      tree = undefined;
    },
    async kill() {
      if (tree === undefined) return;
      await tree.kill();
      tree = undefined;
      // Nobody else runs on this directory any more. Its pid may belong to another process at the next start.
      removeSharedMemory(dataDirectory);
      rmSync(path.join(dataDirectory, "postmaster.pid"), { force: true });
    },
    pause: () => running().pause(),
    async resume() {
      await running().resume();
      await waitForPostgres({ address, clock, withinMs: START_LIMIT_MS });
    },
  };
}

function launch(options: PostgresServerOptions): ChildProcess {
  const { binaries, user, dataDirectory, port, logFile, keeper } = options;
  const settings = settingArguments({
    ...postgresSettings(),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
  });
  const log = openSync(logFile, "a");
  try {
    const child = spawn(binaries.postgres, ["-D", dataDirectory, "-p", String(port), ...settings], {
      cwd: path.parse(dataDirectory).root,
      // A session of its own: Ctrl-C at the terminal is the harness's affair.
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...keeper.environment, LC_ALL: "C", TZ: "UTC" },
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    child.on("error", () => undefined);
    return child;
  } finally {
    closeSync(log);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function notStarted(error: unknown, logFile: string): Error {
  let output = "";
  try {
    output = readFileSync(logFile, "utf8").split("\n").slice(-30).join("\n");
  } catch {
    // The log could not be written either: the error has to do.
  }
  const problem = wellKnownProblem(output, path.dirname(logFile)) ?? {
    code: "postgres-not-startable",
    what: "the Postgres server from npm did not start",
    why: output.trim() === "" ? errorMessage(error) : tellingLine(output),
    fix: "rm -r node_modules/.cache/failover-harness and run it again; or use --env containers",
  };
  return environmentError(problem, error);
}
