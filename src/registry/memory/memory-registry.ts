import type { Clock, Random } from "../../base/index.ts";
import type { Registry, RegistrySession } from "../registry.ts";
import { RegistryError } from "../registry.ts";
import { SessionLease } from "../session-lease.ts";
import type { MemoryRegistryServer } from "./memory-server.ts";
import { MemorySession } from "./memory-session.ts";
import { MemoryWire, type WireMode } from "./memory-wire.ts";

export interface MemoryRegistryOptions {
  readonly server: MemoryRegistryServer;
  readonly clock: Clock;
  readonly random: Random;
}

/** A client of the registry in memory: what a process has of it. */
export class MemoryRegistry implements Registry {
  readonly #options: MemoryRegistryOptions;
  readonly #wire: MemoryWire;
  readonly #sessions = new Set<MemorySession>();
  readonly #closed = new AbortController();

  constructor(options: MemoryRegistryOptions) {
    this.#options = options;
    this.#wire = new MemoryWire(options.server);
  }

  /** "frozen": nothing passes between this client and the server. "cut": its connections break. "open": all well. */
  setWire(mode: WireMode): void {
    this.#wire.setMode(mode);
  }

  async open(options: {
    readonly sessionTimeoutMs: number;
    readonly withinMs: number;
  }): Promise<RegistrySession> {
    const { clock, random, server } = this.#options;
    const timeoutMs = Math.round(options.sessionTimeoutMs);
    const { id, sentMs } = await this.#register(timeoutMs, clock.monotonicMs() + options.withinMs);
    const lease = new SessionLease({ clock, timeoutMs, sentMs });
    const session = new MemorySession({ clock, random, server, lease, id, wire: this.#wire });
    this.#sessions.add(session);
    lease.onState(() => {
      if (lease.isOver) this.#sessions.delete(session);
    });
    return session;
  }

  close(): Promise<void> {
    this.#closed.abort();
    for (const session of this.#sessions) session.abandon();
    this.#wire.close();
    return Promise.resolve();
  }

  async #register(
    timeoutMs: number,
    limitMs: number,
  ): Promise<{ readonly id: string; readonly sentMs: number }> {
    const { clock, server } = this.#options;
    for (;;) {
      const sentMs = clock.monotonicMs();
      // A session that is granted much later than asked for would be lost when it begins.
      const deadlineMs = Math.min(limitMs, sentMs + timeoutMs / 2);
      try {
        const id = await this.#wire.call(
          deadlineMs,
          () => server.openSession(timeoutMs),
          this.#closed.signal,
        );
        return { id, sentMs };
      } catch (cause) {
        if (clock.monotonicMs() < limitMs && !this.#closed.signal.aborted) continue;
        throw new RegistryError("UNAVAILABLE", "the registry in memory does not answer", { cause });
      }
    }
  }
}
