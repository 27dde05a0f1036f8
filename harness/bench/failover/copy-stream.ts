import type pg from "pg";

/** The little of a driver's connection that COPY needs. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

type Callback = (error: Error | null) => void;
const CHUNK_BYTES = 65_536;

/** A statement as the driver runs it: it hands the messages of the protocol over to whoever was submitted. */
abstract class CopyStatement {
  readonly text: string;
  callback: Callback = () => undefined;

  constructor(text: string) {
    this.text = text;
  }

  submit(connection: CopyConnection): void {
    connection.query(this.text);
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }

  handleCommandComplete(): void {
    // The end is when the connection is ready again.
  }
}

class CopyOut extends CopyStatement {
  readonly chunks: Buffer[] = [];

  handleCopyData(message: { readonly chunk: Buffer }): void {
    this.chunks.push(Buffer.from(message.chunk));
  }
}

class CopyIn extends CopyStatement {
  readonly #data: Buffer;

  constructor(text: string, data: Buffer) {
    super(text);
    this.#data = data;
  }

  handleCopyInResponse(connection: CopyConnection): void {
    for (let at = 0; at < this.#data.length; at += CHUNK_BYTES) {
      connection.sendCopyFromChunk(this.#data.subarray(at, at + CHUNK_BYTES));
    }
    connection.endCopyFrom();
  }
}

function submit<S extends CopyStatement>(client: pg.Client, statement: S): Promise<S> {
  return new Promise((resolve, reject) => {
    statement.callback = (error) => (error === null ? resolve(statement) : reject(error));
    client.query(statement as unknown as pg.Submittable);
  });
}

/** The rows of a query, as COPY writes them. */
export async function copyOut(client: pg.Client, query: string): Promise<Buffer> {
  const { chunks } = await submit(client, new CopyOut(`COPY (${query}) TO STDOUT`));
  return Buffer.concat(chunks);
}

/** COPY FROM STDIN. */
export async function copyIn(client: pg.Client, table: string, data: Buffer): Promise<void> {
  await submit(client, new CopyIn(`COPY ${table} FROM STDIN`, data));
}
