import { DatabaseError } from "pg";
import type { Clock, Random } from "../../base/index.ts";
import { type Registry, RegistryError, type RegistrySession } from "../registry.ts";
import { SessionLease } from "../session-lease.ts";
import { createRegistryLink, JdbcSession } from "./jdbc-session.ts";
import type { PostgresLink } from "./postgres-link.ts";
import { SQL } from "./statements.ts";

export interface JdbcRegistryOptions {
  /** postgres://user@host:port/database */
  readonly url: string;
  /** Root of this cluster: several share the tables. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Pause between two attempts to open a session, milliseconds. */
const RETRY_PAUSE_MS = 50;

const UNDEFINED_TABLE = "42P01";

/** The registry in Postgres. Its tables have to be there (`migrateJdbcRegistry`). */
export class JdbcRegistry implements Registry {
  readonly #options: JdbcRegistryOptions;
  readonly #sessions = new Set<JdbcSession>();
  readonly #closed = new AbortController();

  constructor(options: JdbcRegistryOptions) {
    this.#options = options;
  }

  async open(options: {
    readonly sessionTimeoutMs: number;
    readonly withinMs: number;
  }): Promise<RegistrySession> {
    const { clock, url } = this.#options;
    const timeoutMs = Math.round(options.sessionTimeoutMs);
    const link = createRegistryLink({ url, clock, timeoutMs });
    try {
      const { id, sentMs } = await this.#register(link, timeoutMs, clock.monotonicMs() + options.withinMs);
      if (this.#closed.signal.aborted) throw registryClosed();
      const lease = new SessionLease({ clock, timeoutMs, sentMs });
      const session = new JdbcSession({ ...this.#options, id, lease, link });
      this.#sessions.add(session);
      session.onState(() => {
        if (lease.isOver) this.#sessions.delete(session);
      });
      return session;
    } catch (error) {
      link.destroy();
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed.abort();
    for (const session of this.#sessions) session.abandon();
    return Promise.resolve();
  }

  async #register(
    link: PostgresLink,
    timeoutMs: number,
    limitMs: number,
  ): Promise<{ readonly id: string; readonly sentMs: number }> {
    const { clock, root } = this.#options;
    const values = [root, `pid ${process.pid}`, timeoutMs];
    for (;;) {
      const sentMs = clock.monotonicMs();
      // A session that is granted much later than asked for would be lost when it begins.
      const deadlineMs = Math.min(limitMs, sentMs + timeoutMs / 2);
      try {
        const [row] = await link.run({ text: SQL.open, values, deadlineMs });
        return { id: String(row?.["id"]), sentMs };
      } catch (error) {
        if (error instanceof DatabaseError && error.code === UNDEFINED_TABLE) throw tablesMissing(error);
        if (clock.monotonicMs() + RETRY_PAUSE_MS >= limitMs) throw unavailable(error);
      }
      await clock.sleep(RETRY_PAUSE_MS, this.#closed.signal);
      if (this.#closed.signal.aborted) throw registryClosed();
    }
  }
}

function tablesMissing(cause: unknown): RegistryError {
  const message = "the database has no registry tables: migrate it first (command `migrate`)";
  return new RegistryError("INVALID", message, { cause });
}

function registryClosed(): RegistryError {
  return new RegistryError("UNAVAILABLE", "the registry was closed while a session was being opened");
}

function unavailable(cause: unknown): RegistryError {
  const message =
    "the registry's database did not open a session in time: is it running, and reachable from here?";
  return new RegistryError("UNAVAILABLE", message, { cause });
}
