import { Socket } from "node:net";
import { Client, DatabaseError, type Notification } from "pg";
import type { Clock } from "../../base/index.ts";
import { RegistryError } from "../registry.ts";

export interface PostgresLinkOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly applicationName: string;
  /** Limit of a statement on the server, so that one we gave up on does not stay behind there. */
  readonly statementTimeoutMs: number;
  /** Channel to listen on, from the first statement on; again after each reconnect. */
  readonly listen?: { readonly channel: string; readonly heard: (payload: string) => void };
}

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Instant on the monotonic clock. */
  readonly deadlineMs: number;
  /**
   * Milliseconds that connecting may take, when there is no connection; the deadline moves along. Default: only up to
   * the deadline. (Connections that are given up too early and tried again make a busy server busier.)
   */
  readonly connectMs?: number;
  /** Told when it is about to be sent. */
  readonly sent?: (sentMs: number) => void;
}

type Row = Readonly<Record<string, unknown>>;

interface Connection {
  readonly client: Client;
  readonly socket: Socket;
  broken: boolean;
}

/**
 * One connection to Postgres that cannot hang: statements run one after the other, each with a deadline that includes
 * connecting. Whatever misses its deadline takes its connection with it, and the next statement opens another one.
 * (Not pg.Pool: it neither limits a connection attempt by the caller's deadline, nor can it be closed while the server
 * does not answer.)
 */
export class PostgresLink {
  readonly #options: PostgresLinkOptions;
  #connection: Connection | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #running = 0;
  #closed = false;

  constructor(options: PostgresLinkOptions) {
    this.#options = options;
  }

  /**
   * Rows of the statement. Throws pg's DatabaseError when Postgres answered with one, and RegistryError otherwise:
   * UNAVAILABLE when the statement was not sent, UNKNOWN when no answer came.
   */
  run(statement: Statement): Promise<readonly Row[]> {
    this.#running += 1;
    const result = this.#turn
      .then(() => this.#runNow(statement))
      .finally(() => {
        this.#running -= 1;
      });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Drops the connection if no statement is running on it: the next one opens another. */
  dropIdle(): void {
    if (this.#running === 0) this.#drop();
  }

  /** Drops the connection without a word, as the death of the process would. Running statements fail. */
  destroy(): void {
    this.#closed = true;
    this.#drop();
  }

  async #runNow(statement: Statement): Promise<readonly Row[]> {
    const { clock } = this.#options;
    const begunMs = clock.monotonicMs();
    if (begunMs >= statement.deadlineMs) {
      throw new RegistryError("UNAVAILABLE", "the database kept the registry waiting until the deadline");
    }
    const { connectMs } = statement;
    const connection = await this.#connected(
      connectMs === undefined ? statement.deadlineMs : begunMs + connectMs,
    );
    const sentMs = clock.monotonicMs();
    const deadlineMs =
      connectMs === undefined ? statement.deadlineMs : statement.deadlineMs + sentMs - begunMs;
    try {
      statement.sent?.(sentMs);
      const query = connection.client.query({ text: statement.text, values: [...statement.values] });
      const { rows } = await this.#within(query, deadlineMs, connection);
      return rows as readonly Row[];
    } catch (error) {
      if (error instanceof DatabaseError) throw error;
      this.#drop(connection);
      throw new RegistryError("UNKNOWN", "the database did not answer the registry's statement", {
        cause: error,
      });
    }
  }

  async #connected(deadlineMs: number): Promise<Connection> {
    if (this.#connection !== undefined && !this.#connection.broken) return this.#connection;
    if (this.#closed) throw new RegistryError("UNAVAILABLE", "the registry session is closed");
    const connection = this.#create();
    this.#connection = connection;
    try {
      await this.#within(this.#greet(connection.client), deadlineMs, connection);
      return connection;
    } catch (error) {
      this.#drop(connection);
      throw new RegistryError("UNAVAILABLE", "the registry cannot connect to its database", { cause: error });
    }
  }

  async #greet(client: Client): Promise<void> {
    await client.connect();
    const { listen } = this.#options;
    if (listen !== undefined) await client.query(`LISTEN ${listen.channel}`);
  }

  #create(): Connection {
    const socket = new Socket();
    const { url, applicationName, statementTimeoutMs, listen } = this.#options;
    const client = new Client({
      connectionString: url,
      stream: () => socket,
      application_name: applicationName,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
    });
    const connection: Connection = { client, socket, broken: false };
    const breaks = (): void => {
      connection.broken = true;
    };
    client.on("error", breaks);
    client.on("end", breaks);
    if (listen !== undefined) {
      client.on("notification", ({ payload }: Notification) => listen.heard(payload ?? ""));
    }
    return connection;
  }

  /** The work, or an error when the deadline comes first; then the connection is dropped, so that the work ends too. */
  async #within<T>(work: Promise<T>, deadlineMs: number, connection: Connection): Promise<T> {
    const { clock } = this.#options;
    const answered = new AbortController();
    const late = async (): Promise<void> => {
      await clock.sleep(deadlineMs - clock.monotonicMs(), answered.signal);
      // A process that stood still finds its timer due before it has read the answers that lie there: a last look.
      await clock.sleep(1, answered.signal);
      if (!answered.signal.aborted) this.#drop(connection);
    };
    const watch = late();
    try {
      return await work;
    } finally {
      answered.abort();
      await watch;
    }
  }

  #drop(connection = this.#connection): void {
    if (connection === undefined) return;
    connection.broken = true;
    if (this.#connection === connection) this.#connection = undefined;
    connection.socket.destroy();
  }
}
