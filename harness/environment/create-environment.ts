import { type Clock, ReleaseStack } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import { type CaseDatabases, createCaseDatabases, TEMPLATE_DATABASE } from "./case-databases.ts";
import type {
  CaseServices,
  CaseServicesOptions,
  Environment,
  RegistryKind,
  ServiceHandle,
  Tier,
} from "./environment.ts";
import { postgresUrl, runStatement } from "./postgres-client.ts";
import type { OwnService, ServiceSource } from "./service.ts";
import { connectZooKeeperAdmin, type ZooKeeperAdmin } from "./zookeeper-admin.ts";

export interface EnvironmentParts {
  readonly tier: Tier;
  readonly registryKind: RegistryKind;
  readonly source: ServiceSource;
  readonly clock: Clock;
}

/** An environment on the services of a tier: a database and a registry root for each case. */
export function createEnvironment(parts: EnvironmentParts): Environment {
  const { tier, registryKind, source, clock } = parts;
  const databases = createCaseDatabases(source.postgres);
  const admin = source.zookeeper && connectZooKeeperAdmin(source.zookeeper, clock);
  const releases = new ReleaseStack();
  releases.push("services", () => source.close());
  if (admin !== undefined) releases.push("ZooKeeper client", () => admin.close());
  releases.push("database client", () => databases.close());
  let closing: Promise<void> | undefined;
  return {
    tier,
    registryKind,
    description: source.description,
    openCase: (options) => openCase({ registryKind, source, databases, admin }, options),
    close() {
      closing ??= releases.release();
      return closing;
    },
  };
}

interface Shared {
  readonly registryKind: RegistryKind;
  readonly source: ServiceSource;
  readonly databases: CaseDatabases;
  readonly admin: ZooKeeperAdmin | undefined;
}

interface Opened<T> {
  readonly value: T;
  readonly own: ServiceHandle | undefined;
}

async function openCase(shared: Shared, options: CaseServicesOptions): Promise<CaseServices> {
  const releases = new ReleaseStack();
  try {
    // Side by side: a case with two containers of its own waits for one.
    const opening = openDatabase(shared, options, releases);
    const registering = openRegistry(shared, options, { opening, releases });
    // Both have ended before anything is released, also when one fails.
    await Promise.allSettled([opening, registering]);
    const database = await opening;
    const registry = await registering;
    let releasing: Promise<void> | undefined;
    return {
      databaseUrl: database.value,
      registry: registry.value,
      ownDatabase: database.own,
      ownRegistry: registry.own,
      release() {
        releasing ??= releases.release();
        return releasing;
      },
    };
  } catch (error) {
    await releases.release().catch(() => undefined);
    throw error;
  }
}

function openDatabase(
  shared: Shared,
  options: CaseServicesOptions,
  releases: ReleaseStack,
): Promise<Opened<string>> {
  if (options.own.database) return ownDatabase(shared, `${options.caseId}-database`, releases);
  return sharedDatabase(shared, releases);
}

async function sharedDatabase(shared: Shared, releases: ReleaseStack): Promise<Opened<string>> {
  const name = await shared.databases.open();
  releases.push(`database ${name}`, () => shared.databases.drop(name));
  return { value: postgresUrl(shared.source.postgres, name), own: undefined };
}

async function ownDatabase(shared: Shared, name: string, releases: ReleaseStack): Promise<Opened<string>> {
  const server = keep(await shared.source.startOwnPostgres(name), name, releases);
  await runStatement(
    postgresUrl(server.address, "postgres"),
    `CREATE DATABASE case_own TEMPLATE ${TEMPLATE_DATABASE} STRATEGY file_copy`,
  );
  return { value: postgresUrl(server.address, "case_own"), own: server.handle };
}

async function openRegistry(
  shared: Shared,
  options: CaseServicesOptions,
  context: { readonly opening: Promise<Opened<string>>; readonly releases: ReleaseStack },
): Promise<Opened<RegistryConfig>> {
  const { caseId, own } = options;
  const { releases } = context;
  const root = `/${caseId}`;
  if (shared.registryKind === "zookeeper") return openZooKeeper(shared, options, releases);
  if (own.registry) {
    const { value: url, own: handle } = await ownDatabase(shared, `${caseId}-registry`, releases);
    return { value: { kind: "jdbc", url, root }, own: handle };
  }
  // A database that the case breaks must not take along a registry that it does not break.
  const url = own.database ? (await sharedDatabase(shared, releases)).value : (await context.opening).value;
  return { value: { kind: "jdbc", url, root }, own: undefined };
}

async function openZooKeeper(
  shared: Shared,
  options: CaseServicesOptions,
  releases: ReleaseStack,
): Promise<Opened<RegistryConfig>> {
  const { source, admin } = shared;
  const root = `/${options.caseId}`;
  if (options.own.registry) {
    const name = `${options.caseId}-registry`;
    const server = keep(await source.startOwnZooKeeper(name), name, releases);
    const { host, port } = server.address;
    return { value: { kind: "zookeeper", servers: `${host}:${port}`, root }, own: server.handle };
  }
  if (source.zookeeper === undefined || admin === undefined) throw new Error("no shared ZooKeeper");
  await admin.create(root);
  releases.push(`registry root ${root}`, () => admin.remove(root));
  const { host, port } = source.zookeeper;
  return { value: { kind: "zookeeper", servers: `${host}:${port}`, root }, own: undefined };
}

function keep(service: OwnService, name: string, releases: ReleaseStack): OwnService {
  releases.push(`service ${name}`, () => service.remove());
  return service;
}
