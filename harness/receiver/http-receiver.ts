import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Arrival, Receiver } from "./receiver.ts";

/** What every robot wants to hear: DingTalk looks at `errcode`, Feishu at `code`. */
const TAKEN = JSON.stringify({ errcode: 0, code: 0, msg: "ok" });

/**
 * Takes what is posted to `/<group>/<channel>`. With `?refuse=2` in the URL it answers 503 to the first two tries of
 * each alert, like an endpoint that is away for a while.
 */
export async function openHttpReceiver(take: (arrival: Arrival) => void): Promise<Receiver> {
  const refused = new Map<string, number>();
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const url = new URL(request.url ?? "/", "http://receiver");
      const [, group = "", channel = ""] = url.pathname.split("/");
      const key = String(request.headers["idempotency-key"] ?? "");
      const tries = refused.get(`${group}/${key}`) ?? 0;
      if (tries < Number(url.searchParams.get("refuse") ?? 0)) {
        refused.set(`${group}/${key}`, tries + 1);
        response.writeHead(503).end("not now");
        return;
      }
      take({ group, channel, key, ...readAlert(body) });
      response.writeHead(200, { "content-type": "application/json" }).end(TAKEN);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  // A sender that is killed in the middle delivers nothing.
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return "";
  }
  return Buffer.concat(chunks).toString("utf8");
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Title and body as the channels write them: fields of their own, or a first line and the rest. */
function readAlert(body: string): Pick<Arrival, "title" | "body"> {
  const map = parse(body);
  if (typeof map["title"] === "string") return { title: map["title"], body: textOf(map["content"]) };
  const text = [nested(map, "text", "content"), nested(map, "content", "text"), map["text"]].find(
    (one) => typeof one === "string",
  );
  if (text === undefined) return { title: "", body };
  const [title = "", ...rest] = textOf(text).split("\n");
  return { title: title.replace(/^\*(.*)\*$/, "$1"), body: rest.join("\n") };
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function nested(map: Readonly<Record<string, unknown>>, outer: string, inner: string): unknown {
  const value = map[outer];
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[inner] : undefined;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value ?? ""));
