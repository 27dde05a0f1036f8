import type { Clock } from "../../base/index.ts";
import type { Registry } from "../registry.ts";

/** A process that uses the registry, with what can befall it. */
export interface RegistryClient {
  readonly registry: Registry;
  /** Ends it as SIGKILL would: the registry is told nothing. */
  kill(): Promise<void>;
  /** Nothing passes between it and the registry any more, and no connection breaks. */
  freeze(): void;
  /** Its connections break, and new ones are refused. */
  cut(): void;
  /** Undoes both. */
  heal(): void;
}

/** A registry that is empty, and processes around it. */
export interface RegistryWorld {
  readonly clock: Clock;
  /** T of the sessions that the contract opens, milliseconds. */
  readonly sessionTimeoutMs: number;
  /** By how much the end of a silent session may be noticed later than T, milliseconds. */
  readonly noticeMs: number;
  createClient(): Promise<RegistryClient>;
  close(): Promise<void>;
}

/** Runs one check in a world of its own. */
export type InWorld = (title: string, check: (world: RegistryWorld) => Promise<void>) => void;
