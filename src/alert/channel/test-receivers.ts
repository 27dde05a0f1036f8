import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { createSystemClock } from "../../base/index.ts";
import type { AlertMessage, OpenChannel } from "../alert-channel.ts";
import { sendWithin } from "../send-alert.ts";

/** Real receivers on loopback for the tests of the channels. */

const clock = createSystemClock();

export const MESSAGE: AlertMessage = {
  key: "alert-7-ops",
  title: 'Worker <1> is gone; $(touch x) `y` "z"',
  content: JSON.stringify([{ host: "a:1", event: "FAILOVER & more" }]),
  group: "ops",
  warningType: "FAILURE",
  createdAtMs: 1_700_000_000_000,
};

/** One try of the message. */
export function send(channel: OpenChannel, withinMs = 2000): Promise<string> {
  return sendWithin(clock, channel, MESSAGE, { withinMs });
}

/** What an endpoint was asked. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** How it answers; "hang": never. */
export type Answer = { readonly status: number; readonly body: string; readonly afterMs?: number } | "hang";

export async function withHttp<T>(
  answer: Answer,
  work: (url: string, asked: readonly Asked[]) => Promise<T>,
): Promise<T> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      asked.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      if (answer === "hang") return;
      await clock.sleep(answer.afterMs ?? 0);
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A mail that arrived. */
export interface Mailed {
  readonly to: readonly string[];
  readonly raw: string;
}

export async function withMail<T>(
  options: SMTPServerOptions,
  work: (port: number, mailed: readonly Mailed[]) => Promise<T>,
): Promise<T> {
  const mailed: Mailed[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    closeTimeout: 100,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mailed.push({ to, raw: Buffer.concat(chunks).toString("utf8") });
        callback();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  try {
    return await work((server.server.address() as AddressInfo).port, mailed);
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
