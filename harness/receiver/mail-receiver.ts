import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { readMail } from "./read-mail.ts";
import type { Arrival, Receiver } from "./receiver.ts";

/** Takes mail to `<group>.<channel>@…`, from anybody. */
export async function openMailReceiver(take: (arrival: Arrival) => void): Promise<Receiver> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    logger: false,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const mail = readMail(Buffer.concat(chunks).toString("latin1"));
        const key = mail.headers.get("x-idempotency-key") ?? "";
        for (const { address } of session.envelope.rcptTo) {
          const [group = "", channel = ""] = (address.split("@")[0] ?? "").split(".");
          take({ group, channel, key, title: mail.headers.get("subject") ?? "", body: mail.text });
        }
        callback();
      });
    },
  });
  // A sender that is killed breaks its connection: no news here.
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
