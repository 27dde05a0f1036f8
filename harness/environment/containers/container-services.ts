import { type Clock, ReleaseStack } from "../../../src/base/index.ts";
import type { Keeper } from "../../keeper/index.ts";
import type { RegistryKind } from "../environment.ts";
import { waitForPostgres } from "../postgres-client.ts";
import { postgresSettings, settingArguments } from "../postgres-settings.ts";
import type { OwnService, ServiceSource } from "../service.ts";
import { createTemplateDatabase } from "../template-database.ts";
import { waitForZooKeeper } from "../zookeeper-answer.ts";
import { ZOOKEEPER_JVM_FLAGS, zooKeeperSettings } from "../zookeeper-settings.ts";
import { type ContainerPlatform, findContainerPlatform } from "./container-platform.ts";
import { type ContainerOptions, startContainer } from "./start-container.ts";

interface RunParts {
  readonly keeper: Keeper;
  readonly clock: Clock;
}

export interface ContainerServicesOptions extends RunParts {
  readonly registry: RegistryKind;
  /** The product's program, for the migrations: dist/node.cjs. */
  readonly nodeProgram: string;
}

const START_LIMIT_MS = 60_000;
const POSTGRES_DATA = "/var/lib/postgresql/data";

/** Starts the services of the containers tier: Postgres, and ZooKeeper unless the registry is JDBC. */
export async function startContainerServices(options: ContainerServicesOptions): Promise<ServiceSource> {
  const { registry } = options;
  const platform = await findContainerPlatform(registry);
  const releases = new ReleaseStack();
  const started = async (service: Promise<OwnService>): Promise<OwnService> => {
    const running = await service;
    releases.push("container", () => running.remove());
    return running;
  };
  const starting = [started(startPostgres(options, platform, { name: "postgres", inMemory: true }))];
  if (registry === "zookeeper") starting.push(started(startZooKeeperContainer(options, platform)));
  const outcomes = await Promise.allSettled(starting);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  const [postgres, zookeeper] = outcomes.map((outcome) =>
    outcome.status === "fulfilled" ? outcome.value : undefined,
  );
  if (failed !== undefined || postgres === undefined) {
    await releases.release().catch(() => undefined);
    throw failed?.reason;
  }
  return {
    description: describe(platform, registry),
    postgres: postgres.address,
    zookeeper: zookeeper?.address,
    // What a case kills keeps its data outside of memory: that is gone with the container's end.
    startOwnPostgres: (name) => startPostgres(options, platform, { name, inMemory: false }),
    startOwnZooKeeper: (name) => startZooKeeper(options, platform, { name, inMemory: false }),
    close: () => releases.release(),
  };
}

interface Placement {
  readonly name: string;
  /** Quick, and gone with a kill: only for services that are never broken. */
  readonly inMemory: boolean;
}

/** The ZooKeeper that cases share. */
export function startZooKeeperContainer(run: RunParts, platform: ContainerPlatform): Promise<OwnService> {
  return startZooKeeper(run, platform, { name: "zookeeper", inMemory: true });
}

function startZooKeeper(
  run: RunParts,
  platform: ContainerPlatform,
  placement: Placement,
): Promise<OwnService> {
  const { keeper, clock } = run;
  return startContainer({
    ...zooKeeperParts(clock),
    platform,
    keeper,
    clock,
    name: containerName(keeper, placement.name),
    image: platform.images.zookeeper,
    memoryDirectories: placement.inMemory ? ["/data", "/datalog"] : [],
  });
}

async function startPostgres(
  options: ContainerServicesOptions,
  platform: ContainerPlatform,
  placement: Placement,
): Promise<OwnService> {
  const { keeper, clock, nodeProgram } = options;
  const service = await startContainer({
    ...postgresParts(clock),
    platform,
    keeper,
    clock,
    name: containerName(keeper, placement.name),
    image: platform.images.postgres,
    memoryDirectories: placement.inMemory ? [POSTGRES_DATA] : [],
  });
  try {
    await createTemplateDatabase({ address: service.address, nodeProgram, keeper });
  } catch (error) {
    await service.remove().catch(() => undefined);
    throw error;
  }
  return service;
}

function containerName(keeper: Keeper, name: string): string {
  return `failover-${keeper.runId}-${name}`;
}

type ServiceParts = Pick<ContainerOptions, "port" | "environment" | "command" | "answer">;

/** The official image's own configuration. */
function postgresParts(clock: Clock): ServiceParts {
  return {
    port: 5432,
    environment: {
      POSTGRES_HOST_AUTH_METHOD: "trust",
      POSTGRES_INITDB_ARGS: "--no-sync --encoding=UTF8 --locale=C",
      // A directory inside the mount point: the image's volume may bring a lost+found.
      PGDATA: `${POSTGRES_DATA}/server`,
    },
    command: ["postgres", ...settingArguments(postgresSettings())],
    answer: (address, gaveUp) => waitForPostgres({ address, clock, withinMs: START_LIMIT_MS, gaveUp }),
  };
}

function zooKeeperParts(clock: Clock): ServiceParts {
  const {
    tickTime = "",
    "admin.enableServer": adminServer = "",
    "4lw.commands.whitelist": words = "",
    ...rest
  } = zooKeeperSettings();
  return {
    port: 2181,
    environment: {
      ZOO_TICK_TIME: tickTime,
      ZOO_ADMINSERVER_ENABLED: adminServer,
      ZOO_4LW_COMMANDS_WHITELIST: words,
      ZOO_MAX_CLIENT_CNXNS: "0",
      ZOO_CFG_EXTRA: Object.entries(rest)
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
      JVMFLAGS: ZOOKEEPER_JVM_FLAGS.join(" "),
    },
    command: ["zkServer.sh", "start-foreground"],
    answer: (address, gaveUp) => waitForZooKeeper({ address, clock, withinMs: START_LIMIT_MS, gaveUp }),
  };
}

function describe(platform: ContainerPlatform, registry: RegistryKind): string {
  const { images, dockerVersion } = platform;
  const registryText = registry === "zookeeper" ? images.zookeeper : "JDBC registry on it";
  return `${images.postgres}, ${registryText} (Docker ${dockerVersion})`;
}
