/** What a statement may carry as a parameter. Times are passed with `sqlTime`. */
export type SqlValue = string | number | boolean | null | readonly (string | number | boolean | null)[];

export interface SqlResult<R> {
  readonly rows: readonly R[];
  /** Rows that the statement wrote or gave. */
  readonly rowCount: number;
}

/** Runs one statement. */
export interface SqlExecutor {
  query<R extends object>(text: string, values?: readonly SqlValue[]): Promise<SqlResult<R>>;
}

/** Called with the channel and the payload of a notification. */
export type NotificationListener = (channel: string, payload: string) => void;

/**
 * The database of the store. READ COMMITTED. Every statement has a deadline, so nothing here hangs.
 * Times of `timestamp` columns are UTC and come as milliseconds since the epoch; bigints come as numbers.
 */
export interface Database extends SqlExecutor {
  /**
   * Runs the work in a transaction: commits when it resolves, rolls back when it rejects. A deadlock is repeated.
   * Throws StoreError.
   */
  transaction<T>(work: (tx: SqlExecutor) => Promise<T>): Promise<T>;
  /**
   * Hints: notifications on the channels, as long as the connection for it stands. It is made again when it breaks, and
   * what happened meanwhile is lost: there must be a poll behind every hint. `onGap` is called after each (re)connect.
   */
  listen(channels: readonly string[], onNotification: NotificationListener, onGap: () => void): void;
  close(): Promise<void>;
}

/**
 * UNAVAILABLE: not done (no connection, statement refused or rolled back). UNKNOWN: the COMMIT was sent and not
 * answered: re-read before acting. LOCKED: a lock was not had in time, nothing was done. CONSTRAINT: a row breaks a
 * rule.
 */
export type StoreErrorCode = "UNAVAILABLE" | "UNKNOWN" | "LOCKED" | "CONSTRAINT";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The database could not be asked, which says nothing about the row that was asked for: it is no reason to give up. */
export function isDatabaseAway(error: unknown): boolean {
  return error instanceof StoreError && error.code !== "CONSTRAINT";
}

/** This incarnation is not ALIVE in t_ds_server: it may not claim, fence or rescue any more. */
export class FencedError extends Error {
  override readonly name = "FencedError";
}

/** The workflow is not this incarnation's any more, in this epoch: nothing was written. */
export class NotOwnerError extends Error {
  override readonly name = "NotOwnerError";
  readonly what: string;

  constructor(what: string) {
    super(`not the owner any more: ${what} was not written`);
    this.what = what;
  }
}

/** A row that no version of this program writes. The message says which and what is wrong with it. */
export class DamagedRowError extends Error {
  override readonly name = "DamagedRowError";
}

/** A time for a `timestamp` column. */
export function sqlTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace("T", " ").replace("Z", "");
}
