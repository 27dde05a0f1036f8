import type { IncomingMessage } from "node:http";

/** The largest request or answer, in bytes: a task's script is the largest thing that nodes tell each other. */
export const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/** A body larger than BODY_LIMIT_BYTES. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/** The whole body as text. Throws TooLargeError, or when the other side goes away in the middle of it. */
export async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) throw new TooLargeError(`larger than ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
