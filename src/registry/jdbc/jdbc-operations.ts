import { DatabaseError } from "pg";
import type { Clock } from "../../base/index.ts";
import { assertAlive, operationLimitMs } from "../operation-limits.ts";
import { RegistryError } from "../registry.ts";
import type { SessionLease } from "../session-lease.ts";
import type { PostgresLink } from "./postgres-link.ts";

type Row = Readonly<Record<string, unknown>>;

export interface JdbcOperationsOptions {
  readonly clock: Clock;
  readonly link: PostgresLink;
  readonly lease: SessionLease;
}

/** Pause before an operation is tried again, milliseconds. */
const RETRY_PAUSE_MS = 20;

const FOREIGN_KEY_VIOLATION = "23503";
/** Refused in a way that a second try may get around: deadlock, serialization failure. Nothing was done. */
const WORTH_REPEATING = new Set(["40P01", "40001"]);

/** Runs the statements of a session's operations within their limit, and says what became of them. */
export class JdbcOperations {
  readonly #options: JdbcOperationsOptions;

  constructor(options: JdbcOperationsOptions) {
    this.#options = options;
  }

  /** Instant at which an operation that begins now has to be over. */
  deadlineMs(): number {
    return this.#options.clock.monotonicMs() + operationLimitMs(this.#options.lease.timeoutMs);
  }

  /** A statement that changes nothing: repeated until the limit, and UNAVAILABLE when it had no answer by then. */
  async read(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    try {
      const limitMs = operationLimitMs(this.#options.lease.timeoutMs);
      // Half of the limit for an attempt: the connection may be dead without a sign, and another one work.
      return await this.#repeat({
        text,
        values,
        attemptMs: limitMs / 2,
        repeatable: (error) => error.code !== "SESSION_LOST",
      });
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "UNKNOWN") throw error;
      throw new RegistryError("UNAVAILABLE", error.message, { cause: error.cause });
    }
  }

  /** A statement that changes something: repeated only while it certainly was not done. */
  write(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const attemptMs = operationLimitMs(this.#options.lease.timeoutMs);
    return this.#repeat({ text, values, attemptMs, repeatable: (error) => error.code === "UNAVAILABLE" });
  }

  async #repeat(work: {
    readonly text: string;
    readonly values: readonly unknown[];
    readonly attemptMs: number;
    readonly repeatable: (error: RegistryError) => boolean;
  }): Promise<readonly Row[]> {
    const { clock, link } = this.#options;
    const deadlineMs = this.deadlineMs();
    for (;;) {
      assertAlive(this.#options.lease);
      try {
        const attemptEndMs = Math.min(deadlineMs, clock.monotonicMs() + work.attemptMs);
        return await link.run({ text: work.text, values: work.values, deadlineMs: attemptEndMs });
      } catch (error) {
        const told = this.#explain(error);
        const leftMs = deadlineMs - clock.monotonicMs();
        if (leftMs <= RETRY_PAUSE_MS || told.code === "INVALID" || !work.repeatable(told)) throw told;
      }
      await clock.sleep(RETRY_PAUSE_MS);
    }
  }

  #explain(error: unknown): RegistryError {
    const { lease } = this.#options;
    if (error instanceof DatabaseError && error.code === FOREIGN_KEY_VIOLATION) lease.lose();
    assertAlive(lease, error);
    if (error instanceof RegistryError) return error;
    const code = error instanceof DatabaseError ? (error.code ?? "") : "";
    // Classes: 57 the server is going down or cancelled it, 53 out of resources, 55 lock not available.
    const passing = WORTH_REPEATING.has(code) || /^(57|53|55)/.test(code);
    return new RegistryError(
      passing ? "UNAVAILABLE" : "INVALID",
      "the database refused the registry's statement",
      {
        cause: error,
      },
    );
  }
}
