import type { RegistryConfig } from "../../src/config/index.ts";

export type Tier = "containers" | "embedded";
export type RegistryKind = "zookeeper" | "jdbc";

/** Services that were started once and are shared by the cases of a run. */
export interface Environment {
  readonly tier: Tier;
  readonly registryKind: RegistryKind;
  /** What it is made of, for the head of the report: "embedded Postgres 18.4, JDBC registry". */
  readonly description: string;
  /** Gives a case its own empty database (all tables, no rows) and its own registry root, in milliseconds. */
  openCase(options: CaseServicesOptions): Promise<CaseServices>;
  /** Stops the services and removes what they left. Idempotent. */
  close(): Promise<void>;
}

export interface CaseServicesOptions {
  /** Unique in this run; letters, digits and dashes. */
  readonly caseId: string;
  /** Services that the case breaks itself: it gets its own, not the shared ones. */
  readonly own: { readonly registry: boolean; readonly database: boolean };
}

/** What one case works with. Addresses are the services' own: the harness puts its links in front of them. */
export interface CaseServices {
  /** postgres://user@host:port/database */
  readonly databaseUrl: string;
  readonly registry: RegistryConfig;
  /** Present when the service is the case's own. */
  readonly ownDatabase: ServiceHandle | undefined;
  readonly ownRegistry: ServiceHandle | undefined;
  /** Drops the database and the registry root. Idempotent. */
  release(): Promise<void>;
}

/** A service that can be broken. Each resolves when the effect is proved. */
export interface ServiceHandle {
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again on the same address and data, and waits until it answers. */
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
}
