import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createSystemClock, errorCode, waitUntil } from "../../src/base/index.ts";
import { createLink, type Endpoint, type Link } from "./link.ts";

const clock = createSystemClock();
const releases: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

interface Echo {
  readonly endpoint: Endpoint;
  readonly sockets: Set<Socket>;
  readonly server: Server;
}

/** A server that answers each piece of text with its greeting and the text. */
async function startEcho(greeting: string): Promise<Echo> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (text) => socket.write(`${greeting}:${text.toString()}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  releases.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { endpoint: { host: "127.0.0.1", port: address.port }, sockets, server };
}

interface Client {
  readonly socket: Socket;
  received: string;
  /** "end", or the code of the error. */
  ended: string | undefined;
}

async function dial(port: number): Promise<Client> {
  const socket = connect(port, "127.0.0.1");
  const client: Client = { socket, received: "", ended: undefined };
  socket.on("data", (text) => (client.received += text.toString()));
  socket.on("end", () => (client.ended ??= "end"));
  socket.on("error", (error) => (client.ended ??= errorCode(error) ?? "?"));
  releases.push(() => {
    socket.destroy();
  });
  await new Promise((resolve) => {
    socket.once("connect", resolve);
    socket.once("error", resolve);
  });
  return client;
}

async function until(describe: string, condition: () => boolean): Promise<boolean> {
  return waitUntil({ clock, until: () => condition() || undefined, withinMs: 2000, everyMs: 2, describe });
}

async function openLink(target: () => Endpoint | undefined): Promise<Link> {
  const link = await createLink({ name: "a to b", target, clock });
  releases.push(() => link.close());
  return link;
}

/** Long enough for a byte that could pass to have passed; used only to see that nothing came. */
const SILENCE_MS = 60;

describe("a link", () => {
  test("passes bytes both ways and counts them", async () => {
    const echo = await startEcho("hi");
    const link = await openLink(() => echo.endpoint);
    const client = await dial(link.port);
    client.socket.write("abc");
    await until("the answer", () => client.received === "hi:abc");
    expect(link.counters()).toMatchObject({ toTarget: 3, fromTarget: 6, accepted: 1, open: 1 });
  });

  test("passes a large stream in both directions without loss", async () => {
    const echo = await startEcho("");
    const link = await openLink(() => echo.endpoint);
    const client = await dial(link.port);
    let bytes = 0;
    client.socket.on("data", (chunk) => (bytes += chunk.length));
    client.socket.write(Buffer.alloc(5_000_000, "x"));
    expect(await until("all of it", () => bytes >= 5_000_000)).toBe(true);
  });

  test("hands on the end of a stream, and forgets the connection", async () => {
    const echo = await startEcho("hi");
    const link = await openLink(() => echo.endpoint);
    const client = await dial(link.port);
    client.socket.write("abc");
    await until("the answer", () => client.received === "hi:abc");
    for (const socket of echo.sockets) socket.end();
    expect(await until("the end", () => client.ended === "end" && link.counters().open === 0)).toBe(true);
  });

  test("hands on a reset", async () => {
    const echo = await startEcho("hi");
    const link = await openLink(() => echo.endpoint);
    const client = await dial(link.port);
    client.socket.write("abc");
    await until("the answer", () => client.received === "hi:abc");
    for (const socket of echo.sockets) socket.resetAndDestroy();
    expect(await until("the reset", () => client.ended === "ECONNRESET" && link.counters().open === 0)).toBe(
      true,
    );
  });

  test("refuses without a target, and keeps its port when one comes", async () => {
    let endpoint: Endpoint | undefined;
    const link = await openLink(() => endpoint);
    const port = link.port;
    expect((await dial(port)).ended).toBe("ECONNREFUSED");
    const echo = await startEcho("hi");
    endpoint = echo.endpoint;
    await link.retarget();
    expect(link.port).toBe(port);
    const client = await dial(port);
    client.socket.write("abc");
    await until("the answer", () => client.received === "hi:abc");
    endpoint = undefined;
    await link.retarget();
    expect((await dial(port)).ended).toBe("ECONNREFUSED");
    expect(client.ended).toBeUndefined();
  });

  test("leads to another target after a retarget; open connections stay with the first", async () => {
    const first = await startEcho("first");
    const second = await startEcho("second");
    let endpoint = first.endpoint;
    const link = await openLink(() => endpoint);
    const old = await dial(link.port);
    old.socket.write("a");
    await until("an answer of the first", () => old.received === "first:a");
    endpoint = second.endpoint;
    await link.retarget();
    const young = await dial(link.port);
    young.socket.write("b");
    old.socket.write("c");
    expect(
      await until("both answers", () => young.received === "second:b" && old.received === "first:afirst:c"),
    ).toBe(true);
  });

  test("refuse resets what is open and refuses what comes, until it passes again", async () => {
    const echo = await startEcho("hi");
    const link = await openLink(() => echo.endpoint);
    const client = await dial(link.port);
    client.socket.write("abc");
    await until("the answer", () => client.received === "hi:abc");
    await link.setMode({ kind: "refuse" });
    await until("the reset", () => client.ended === "ECONNRESET" && echo.sockets.size === 0);
    expect((await dial(link.port)).ended).toBe("ECONNREFUSED");
    await link.setMode({ kind: "pass" });
    expect((await dial(link.port)).ended).toBeUndefined();
  });

  test("drop is silent both ways, closes nothing, and delivers late what was sent meanwhile", async () => {
    const echo = await startEcho("hi");
    const link = await openLink(() => echo.endpoint);
    const client = await dial(link.port);
    client.socket.write("a");
    await until("the answer", () => client.received === "hi:a");
    await link.setMode({ kind: "drop", direction: "both" });
    const before = link.counters();
    client.socket.write("b");
    const late = await dial(link.port);
    late.socket.write("c");
    await clock.sleep(SILENCE_MS);
    expect(client).toMatchObject({ received: "hi:a", ended: undefined });
    expect(late).toMatchObject({ received: "", ended: undefined });
    expect(link.counters()).toMatchObject({ toTarget: before.toTarget, fromTarget: before.fromTarget });
    expect(echo.sockets.size).toBe(1);
    await link.setMode({ kind: "pass" });
    await until("both late answers", () => client.received === "hi:ahi:b" && late.received === "hi:c");
  });

  test("drop one way is a half-open connection: requests arrive, answers do not", async () => {
    const echo = await startEcho("hi");
    const link = await openLink(() => echo.endpoint);
    const client = await dial(link.port);
    client.socket.write("a");
    await until("the answer", () => client.received === "hi:a");
    await link.setMode({ kind: "drop", direction: "fromTarget" });
    client.socket.write("b");
    await until("the request to arrive", () => link.counters().toTarget === 2);
    await clock.sleep(SILENCE_MS);
    expect(client.received).toBe("hi:a");
    await link.setMode({ kind: "pass" });
    await until("the late answer", () => client.received === "hi:ahi:b");
  });

  test("resets all open connections and serves new ones", async () => {
    const echo = await startEcho("hi");
    const link = await openLink(() => echo.endpoint);
    const client = await dial(link.port);
    expect(link.resetConnections()).toBe(1);
    await until("the reset", () => client.ended === "ECONNRESET" && link.counters().open === 0);
    expect((await dial(link.port)).ended).toBeUndefined();
  });

  test("close leaves no port and no connection, also when nothing was let through", async () => {
    const echo = await startEcho("hi");
    const link = await openLink(() => echo.endpoint);
    await link.setMode({ kind: "drop", direction: "both" });
    const client = await dial(link.port);
    const port = link.port;
    await link.close();
    await until("the reset", () => client.ended === "ECONNRESET" && link.counters().open === 0);
    expect((await dial(port)).ended).toBe("ECONNREFUSED");
    await link.close();
  });

  test("an address where nobody listens is a reset", async () => {
    const echo = await startEcho("hi");
    const { endpoint } = echo;
    await new Promise((resolve) => echo.server.close(resolve));
    const link = await openLink(() => endpoint);
    const client = await dial(link.port);
    expect(await until("the reset", () => client.ended === "ECONNRESET" && link.counters().open === 0)).toBe(
      true,
    );
  });
});
