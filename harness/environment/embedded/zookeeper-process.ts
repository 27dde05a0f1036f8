import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Clock, errorMessage } from "../../../src/base/index.ts";
import { type Keeper, removeDirectory } from "../../keeper/index.ts";
import type { ServiceHandle } from "../environment.ts";
import { freePort } from "../free-port.ts";
import { environmentError, tellingLine, wellKnownProblem } from "../problems.ts";
import type { HostPort, OwnService } from "../service.ts";
import { waitForZooKeeper } from "../zookeeper-answer.ts";
import { ZOOKEEPER_JVM_FLAGS, zooKeeperSettings } from "../zookeeper-settings.ts";
import type { ZooKeeperProgram } from "./find-zookeeper.ts";
import { createProcessTree, type ProcessTree } from "./process-tree.ts";

export interface LocalZooKeeperOptions {
  readonly program: ZooKeeperProgram;
  /** Unique in the run: names its directory. */
  readonly name: string;
  readonly runDirectory: string;
  readonly workDirectory: string;
  readonly keeper: Keeper;
  readonly clock: Clock;
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;

/** Starts a ZooKeeper process on a free port, with a directory of its own. */
export async function startLocalZooKeeper(options: LocalZooKeeperOptions): Promise<OwnService> {
  const { runDirectory, workDirectory, name, clock } = options;
  const directory = path.join(runDirectory, name);
  const address = { host: "127.0.0.1", port: await freePort() };
  mkdirSync(path.join(directory, "data"), { recursive: true });
  writeFileSync(path.join(directory, "zoo.cfg"), configuration(address, path.join(directory, "data")));
  const logFile = path.join(workDirectory, "zookeeper.log");
  const handle = zooKeeperHandle({ ...options, address, directory, logFile });
  await handle.start();
  return {
    address,
    handle,
    async remove() {
      await handle.kill();
      await removeDirectory(directory, clock);
    },
  };
}

function configuration({ host, port }: HostPort, dataDirectory: string): string {
  const settings = {
    ...zooKeeperSettings(),
    dataDir: dataDirectory,
    clientPort: String(port),
    clientPortAddress: host,
    maxClientCnxns: "0",
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

interface HandleOptions extends LocalZooKeeperOptions {
  readonly address: HostPort;
  readonly directory: string;
  readonly logFile: string;
}

function zooKeeperHandle(options: HandleOptions): ServiceHandle {
  const { address, clock, logFile } = options;
  let tree: ProcessTree | undefined;
  return {
    async start() {
      const child = launch(options);
      const gaveUp = (): string | undefined => (hasEnded(child) ? "it ended" : undefined);
      try {
        await waitForZooKeeper({ address, clock, withinMs: START_LIMIT_MS, gaveUp });
      } catch (error) {
        child.kill("SIGKILL");
        throw notStarted(error, logFile);
      }
      tree = createProcessTree(child, clock);
    },
    async stop() {
      await tree?.end("SIGTERM", STOP_LIMIT_MS);
      tree = undefined;
    },
    async kill() {
      await tree?.kill();
      tree = undefined;
    },
    async pause() {
      await tree?.pause();
    },
    async resume() {
      await tree?.resume();
      await waitForZooKeeper({ address, clock, withinMs: START_LIMIT_MS });
    },
  };
}

function launch(options: HandleOptions): ChildProcess {
  const { program, directory, logFile, keeper } = options;
  const log = openSync(logFile, "a");
  try {
    const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
    const args = [...ZOOKEEPER_JVM_FLAGS, "-cp", program.classPath, main, path.join(directory, "zoo.cfg")];
    const child = spawn(program.java, args, {
      cwd: directory,
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...keeper.environment },
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
  const output = readFileSync(logFile, "utf8").split("\n").slice(-40).join("\n");
  const problem = wellKnownProblem(output, path.dirname(logFile)) ?? {
    code: "zookeeper-not-startable",
    what: "the ZooKeeper of this machine did not start",
    why: output.trim() === "" ? errorMessage(error) : tellingLine(output),
    fix: "repair that ZooKeeper; or use --registry jdbc, or --env containers",
  };
  return environmentError(problem, error);
}
