import { request as httpRequest } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createSystemClock, ReleaseStack, required, waitUntil } from "../base/index.ts";
import { createHttpRpcClient, createHttpRpcServer } from "./http/index.ts";
import type { RelinquishRequest, RpcClient, RpcHandlers, RpcServer } from "./index.ts";
import { createMemoryNetwork } from "./memory/index.ts";

const clock = createSystemClock();
const releases = new ReleaseStack();
afterEach(() => releases.release());

const PONG = { incarnation: "x", inSession: true };
const NEVER = (): Promise<never> => new Promise(() => undefined);

interface Fixture {
  serve(handlers: RpcHandlers): Promise<{ address: string; server: RpcServer }>;
  connect(): RpcClient;
}

function overHttp(): Fixture {
  return {
    async serve(handlers) {
      const server = await createHttpRpcServer({ listen: { host: "127.0.0.1", port: 0 }, handlers, clock });
      releases.push("server", () => server.close(0));
      return { address: `127.0.0.1:${server.port}`, server };
    },
    connect() {
      const client = createHttpRpcClient({ clock });
      releases.push("client", () => client.close());
      return client;
    },
  };
}

function inMemory(): Fixture {
  const network = createMemoryNetwork({ clock });
  let next = 1;
  return {
    serve(handlers) {
      const address = `memory:${next}`;
      next += 1;
      const server = network.serve(address, handlers);
      releases.push("server", () => server.close(0));
      return Promise.resolve({ address, server });
    },
    connect: () => network.connect(),
  };
}

describe.each([
  ["http", overHttp],
  ["memory", inMemory],
])("RPC over %s", (_name, createFixture) => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = createFixture();
  });

  test("carries a request and its answer", async () => {
    const seen: RelinquishRequest[] = [];
    const { address } = await fixture.serve({
      relinquish: (request) => {
        seen.push(request);
        return Promise.resolve({});
      },
    });
    const request = { incarnation: "ünïcode ✓" };
    expect(await fixture.connect().call(address, "relinquish", request, { withinMs: 2000 })).toEqual({});
    expect(seen).toEqual([request]);
    expect(seen[0]).not.toBe(request);
  });

  test("answers many calls side by side", async () => {
    const { address } = await fixture.serve({ ping: () => Promise.resolve(PONG) });
    const client = fixture.connect();
    const calls = Array.from({ length: 100 }, () => client.call(address, "ping", {}, { withinMs: 2000 }));
    expect(await Promise.all(calls)).toEqual(calls.map(() => PONG));
  });

  test("is REJECTED with the message when the handler throws, or there is none", async () => {
    const { address } = await fixture.serve({ ping: () => Promise.reject(new Error("too bad")) });
    const client = fixture.connect();
    const thrown = client.call(address, "ping", {}, { withinMs: 2000 });
    await expect(thrown).rejects.toMatchObject({
      code: "REJECTED",
      message: expect.stringContaining("too bad"),
    });
    const absent = client.call(address, "relinquish", { incarnation: "x" }, { withinMs: 2000 });
    await expect(absent).rejects.toMatchObject({ code: "REJECTED" });
  });

  test("is UNKNOWN when no answer comes in time", async () => {
    const { address } = await fixture.serve({ ping: NEVER });
    const before = clock.monotonicMs();
    const call = fixture.connect().call(address, "ping", {}, { withinMs: 100 });
    await expect(call).rejects.toMatchObject({ code: "UNKNOWN" });
    expect(clock.monotonicMs() - before).toBeGreaterThan(95);
    expect(clock.monotonicMs() - before).toBeLessThan(400);
  });

  test("is REFUSED when nobody listens any more", async () => {
    const { address, server } = await fixture.serve({ ping: () => Promise.resolve(PONG) });
    const client = fixture.connect();
    await client.call(address, "ping", {}, { withinMs: 2000 });
    await server.close(0);
    // A new one: a kept-alive connection that the other side closed just now may take a request with it.
    await expect(fixture.connect().call(address, "ping", {}, { withinMs: 2000 })).rejects.toMatchObject({
      code: "REFUSED",
    });
  });

  test("lets open calls finish when the server closes, and cuts them after the grace", async () => {
    let finish: (() => void) | undefined;
    const { address, server } = await fixture.serve({
      ping: () => new Promise((resolve) => (finish = () => resolve(PONG))),
      relinquish: NEVER,
    });
    const client = fixture.connect();
    const call = client.call(address, "ping", {}, { withinMs: 2000 });
    const stuck = client.call(address, "relinquish", { incarnation: "x" }, { withinMs: 2000 });
    const stuckCode = stuck.catch((error: { code: string }) => error.code);
    const arrived = await waitUntil({
      clock,
      until: () => finish,
      withinMs: 2000,
      describe: "the call to arrive",
    });
    const before = clock.monotonicMs();
    const closed = server.close(200);
    arrived();
    expect(await call).toEqual(PONG);
    await closed;
    expect(await stuckCode).toBe("UNKNOWN");
    expect(clock.monotonicMs() - before).toBeGreaterThan(150);
    expect(clock.monotonicMs() - before).toBeLessThan(1000);
  });
});

describe("RPC over http", () => {
  /** A TCP server that does to each connection as it is told. */
  async function rawServer(
    onConnection: (socket: Socket) => void,
  ): Promise<{ address: string; server: Server }> {
    const server = createServer(onConnection);
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    releases.push("raw server", () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
  }

  function connect(dial?: Record<string, string>): RpcClient {
    const client = createHttpRpcClient({ clock, dial });
    releases.push("client", () => client.close());
    return client;
  }

  test("is UNKNOWN when the connection is reset after the request was sent", async () => {
    const { address } = await rawServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    await expect(connect().call(address, "ping", {}, { withinMs: 2000 })).rejects.toMatchObject({
      code: "UNKNOWN",
    });
  });

  test("is UNKNOWN when a kept-alive connection is reset by the next request", async () => {
    const body = JSON.stringify(PONG);
    const { address } = await rawServer((socket) => {
      socket.once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        socket.once("data", () => socket.resetAndDestroy());
      });
    });
    const client = connect();
    expect(await client.call(address, "ping", {}, { withinMs: 2000 })).toEqual(PONG);
    await expect(client.call(address, "ping", {}, { withinMs: 2000 })).rejects.toMatchObject({
      code: "UNKNOWN",
    });
  });

  test("is UNKNOWN when the answer stops in the middle", async () => {
    const { address } = await rawServer((socket) =>
      socket.once("data", () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"in')),
    );
    const before = clock.monotonicMs();
    await expect(connect().call(address, "ping", {}, { withinMs: 100 })).rejects.toMatchObject({
      code: "UNKNOWN",
    });
    expect(clock.monotonicMs() - before).toBeLessThan(400);
  });

  test("reaches addresses through the dial table only, and refuses others at once", async () => {
    const { address } = await overHttp().serve({ ping: () => Promise.resolve(PONG) });
    const client = connect({ "worker:1234": address });
    expect(await client.call("worker:1234", "ping", {}, { withinMs: 2000 })).toEqual(PONG);
    await expect(client.call(address, "ping", {}, { withinMs: 2000 })).rejects.toMatchObject({
      code: "REFUSED",
    });
    await expect(client.call("toString", "ping", {}, { withinMs: 2000 })).rejects.toMatchObject({
      code: "REFUSED",
    });
  });

  test("says what is wrong with a request by its status", async () => {
    const { address } = await overHttp().serve({ ping: () => Promise.resolve(PONG) });
    const status = (method: string, path: string, body: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const outgoing = httpRequest(`http://${address}${path}`, { method, agent: false }, (response) => {
          response.resume();
          resolve(required(response.statusCode, "status"));
        });
        outgoing.on("error", reject).end(body);
      });
    expect(await status("GET", "/health", "")).toBe(200);
    expect(await status("POST", "/rpc/ping", "{}")).toBe(200);
    expect(await status("POST", "/rpc/ping", "{broken")).toBe(400);
    expect(await status("POST", "/rpc/toString", "{}")).toBe(404);
    expect(await status("GET", "/rpc/ping", "")).toBe(404);
    expect(await status("POST", "/rpc/ping", `"${"x".repeat(9 * 1024 * 1024)}"`)).toBe(413);
  });

  test("names the port that is taken", async () => {
    const { address } = await rawServer(() => undefined);
    const port = Number(address.split(":")[1]);
    const second = createHttpRpcServer({ listen: { host: "127.0.0.1", port }, handlers: {}, clock });
    await expect(second).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: another process listens there`);
  });
});
