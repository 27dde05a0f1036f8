/** What a node that died left in the registry: it goes when the registry ends its session. */
export interface DyingSession {
  /** Address of the node. */
  readonly holder: string;
  readonly sessionTimeoutMs: number;
  readonly entries: readonly RegistryEntrySeed[];
  readonly locks: readonly string[];
}

export interface RegistryEntrySeed {
  readonly path: string;
  readonly value: string;
}

/** The harness's own client of a registry, for the given state only. */
export interface RegistryWriter {
  putPersistent(entries: readonly RegistryEntrySeed[]): Promise<void>;
  /** Opens a session, creates what it owns, and lets it go without closing it: it ends by its time-out. */
  leaveBehind(session: DyingSession): Promise<void>;
  /** Never throws. */
  close(): Promise<void>;
}
