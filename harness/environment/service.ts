import type { ServiceHandle } from "./environment.ts";

/** Where a service listens: its own address, without a link in front. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A running service that belongs to one case. */
export interface OwnService {
  readonly address: HostPort;
  readonly handle: ServiceHandle;
  /** Ends it and removes what it left. */
  remove(): Promise<void>;
}

/** What a tier has to bring; the rest is the same in all of them (create-environment.ts). */
export interface ServiceSource {
  readonly description: string;
  /** Postgres shared by the cases. It has the template database. */
  readonly postgres: HostPort;
  /** ZooKeeper shared by the cases; undefined with a JDBC registry. */
  readonly zookeeper: HostPort | undefined;
  /** Another Postgres, with the template database. */
  startOwnPostgres(name: string): Promise<OwnService>;
  /** Another, empty ZooKeeper. */
  startOwnZooKeeper(name: string): Promise<OwnService>;
  /** Ends the shared services. */
  close(): Promise<void>;
}
