import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Clock, ReleaseStack } from "../../../src/base/index.ts";
import { type Keeper, removeDirectory } from "../../keeper/index.ts";
import type { RegistryKind } from "../environment.ts";
import { freePort } from "../free-port.ts";
import { explain } from "../problems.ts";
import type { HostPort, OwnService, ServiceSource } from "../service.ts";
import { askZooKeeper } from "../zookeeper-answer.ts";
import { copyTree } from "./copy-tree.ts";
import { findZooKeeper } from "./find-zookeeper.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { createPostgresServer } from "./postgres-server.ts";
import { type PreparationOptions, preparedData } from "./prepared-data.ts";
import { makeRunDirectory } from "./run-directory.ts";
import { serverUser } from "./server-user.ts";
import { startLocalZooKeeper } from "./zookeeper-process.ts";

export interface EmbeddedOptions {
  readonly registry: RegistryKind;
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** Where the servers' logs go. Created when absent. */
  readonly workDirectory: string;
  /** The product's program, for the migrations: dist/node.cjs. Undefined: no template database. */
  readonly nodeProgram: string | undefined;
}

/** Starts the services of the embedded tier: Postgres from npm; ZooKeeper from the machine, when it is asked for. */
export async function startEmbeddedServices(options: EmbeddedOptions): Promise<ServiceSource> {
  const { registry, keeper, clock, workDirectory } = options;
  // 1. What can be known before anything is started.
  const program = registry === "zookeeper" ? findZooKeeper() : undefined;
  const user = serverUser();
  const releases = new ReleaseStack();
  try {
    // 2. A place and programs.
    mkdirSync(workDirectory, { recursive: true });
    const binaries = await findPostgresBinaries({ keeper, clock, user, releases });
    const runDirectory = makeRunDirectory(keeper);
    releases.push("directory of the servers", () => removeDirectory(runDirectory, clock));
    // 3. The data that every server starts from, and the shared servers.
    const logFile = path.join(workDirectory, "postgres.log");
    const preparation = { ...options, binaries, user, runDirectory, logFile };
    const prepared = await preparedData(preparation);
    const startPostgres = (name: string): Promise<OwnService> => startServer(preparation, prepared, name);
    const postgres = await startPostgres("shared");
    releases.push("Postgres", () => postgres.remove());
    const startZooKeeper = (name: string): Promise<OwnService> =>
      startLocalZooKeeper({ program: program ?? findZooKeeper(), name, runDirectory, ...options });
    const zookeeper = program === undefined ? undefined : await startZooKeeper("zookeeper");
    if (zookeeper !== undefined) releases.push("ZooKeeper", () => zookeeper.remove());
    return {
      description: await describe(binaries.version, zookeeper?.address),
      postgres: postgres.address,
      zookeeper: zookeeper?.address,
      startOwnPostgres: startPostgres,
      startOwnZooKeeper: startZooKeeper,
      close: () => releases.release(),
    };
  } catch (error) {
    await releases.release().catch(() => undefined);
    throw explain(error, workDirectory, {
      code: "postgres-not-startable",
      what: "the embedded environment could not be started",
      fix: "use --env containers, or repair what is named above",
    });
  }
}

async function startServer(options: PreparationOptions, prepared: string, name: string): Promise<OwnService> {
  const dataDirectory = path.join(options.runDirectory, name);
  await copyTree(prepared, dataDirectory, options.user);
  const server = createPostgresServer({ ...options, dataDirectory, port: await freePort() });
  await server.start();
  return {
    address: server.address,
    handle: server,
    async remove() {
      // Nothing of it is needed any more: the quickest end.
      await server.kill();
      await removeDirectory(dataDirectory, options.clock);
    },
  };
}

async function describe(version: string, zookeeper: HostPort | undefined): Promise<string> {
  const postgres = `embedded Postgres ${version}`;
  if (zookeeper === undefined) return `${postgres}, JDBC registry on it`;
  const answer = await askZooKeeper(zookeeper, "srvr");
  return `${postgres}, local ZooKeeper ${/version: ([\d.]+)/.exec(answer)?.[1] ?? "of unknown version"}`;
}
