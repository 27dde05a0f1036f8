import type { Clock } from "../../base/index.ts";
import { RegistryError } from "../registry.ts";
import type { MemoryRegistryServer } from "./memory-server.ts";

export type WireMode = "open" | "frozen" | "cut";

/**
 * The way of one client to the server. Frozen, what was sent is held and delivered later, also when the client has
 * given it up by then; cut, calls wait for the connection until their deadline.
 */
export class MemoryWire {
  readonly #server: MemoryRegistryServer;
  readonly #listeners = new Set<() => void>();
  readonly #stopListening: () => void;
  #own: WireMode = "open";

  constructor(server: MemoryRegistryServer) {
    this.#server = server;
    this.#stopListening = server.onMode(() => this.#tell());
  }

  get mode(): WireMode {
    if (this.#own === "cut" || this.#server.mode === "down") return "cut";
    return this.#own === "frozen" || this.#server.mode === "frozen" ? "frozen" : "open";
  }

  setMode(mode: WireMode): void {
    this.#own = mode;
    this.#tell();
  }

  onMode(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#stopListening();
    this.#listeners.clear();
  }

  /** Does it on the server. Throws UNAVAILABLE when it was not sent by the deadline, UNKNOWN when nothing came back. */
  async call<T>(deadlineMs: number, work: () => T, signal: AbortSignal): Promise<T> {
    // Never in the caller's turn, as with a real server.
    await Promise.resolve();
    if (!(await this.#until((mode) => mode !== "cut", deadlineMs, signal))) {
      throw new RegistryError("UNAVAILABLE", "the registry in memory refuses connections");
    }
    if (this.mode === "open") return work();
    let late: { readonly value: T } | undefined;
    const delivery = this.onMode(() => {
      if (this.mode === "frozen") return;
      delivery();
      if (this.mode === "open" && !signal.aborted) late = { value: work() };
    });
    await this.#until(() => late !== undefined, deadlineMs, signal);
    if (late !== undefined) return late.value;
    throw new RegistryError("UNKNOWN", "the registry in memory did not answer");
  }

  /** Whether it held before the deadline and the signal. */
  async #until(
    holds: (mode: WireMode) => boolean,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const clock: Clock = this.#server.clock;
    while (!holds(this.mode)) {
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted) return false;
      const woken = new AbortController();
      const wake = (): void => woken.abort();
      const stop = this.onMode(wake);
      signal.addEventListener("abort", wake, { once: true });
      await clock.sleep(leftMs, woken.signal);
      signal.removeEventListener("abort", wake);
      stop();
    }
    return true;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
