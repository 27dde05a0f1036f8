import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { askDocker, dockerAddress } from "./docker-socket.ts";

describe("where Docker is", () => {
  test("DOCKER_HOST decides, in each of its forms", () => {
    expect(dockerAddress({ DOCKER_HOST: "unix:///run/x.sock" })).toEqual({ socketPath: "/run/x.sock" });
    expect(dockerAddress({ DOCKER_HOST: "tcp://10.0.0.7:2376" })).toEqual({ host: "10.0.0.7", port: 2376 });
    expect(dockerAddress({ DOCKER_HOST: "tcp://10.0.0.7" })).toEqual({ host: "10.0.0.7", port: 2375 });
    expect(dockerAddress({ DOCKER_HOST: "a slip" })).toEqual({ socketPath: "a slip" });
  });
});

describe("a call of the daemon", () => {
  test("gives its answer, whatever the status", async () => {
    const server = createServer((request, response) => {
      response.statusCode = 404;
      response.end(`${request.method} ${request.url}`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const address = { host: "127.0.0.1", port };
    const answer = await askDocker({ address, method: "DELETE", path: "/containers/x", silenceMs: 1_000 });
    expect(answer).toEqual({ status: 404, body: "DELETE /containers/x" });
    server.close();
  });

  test("ends when the daemon is silent", async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const asking = askDocker({
      address: { host: "127.0.0.1", port },
      method: "GET",
      path: "/_ping",
      silenceMs: 50,
    });
    await expect(asking).rejects.toThrow("the Docker daemon was silent for 50 ms");
    server.closeAllConnections();
    server.close();
  });
});
