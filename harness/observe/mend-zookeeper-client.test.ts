import { createServer, type Socket } from "node:net";
import { expect, test } from "@jest/globals";
import zookeeper from "node-zookeeper-client";
import { createSystemClock, waitUntil } from "../../src/base/index.ts";
import { mendZookeeperClient } from "./mend-zookeeper-client.ts";

test("a server that talks nonsense costs the connection, not the process", async () => {
  const clock = createSystemClock();
  let connections = 0;
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    connections += 1;
    sockets.push(socket);
    // The handshake is granted; what is asked then is answered with an error code that does not exist.
    const handshake = Buffer.alloc(4 + 37);
    handshake.writeInt32BE(37, 0);
    handshake.writeInt32BE(5000, 8);
    handshake.writeInt32BE(16, 20);
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(handshake);
      socket.once("data", (request: Buffer) => {
        const nonsense = Buffer.alloc(4 + 16);
        nonsense.writeInt32BE(16, 0);
        nonsense.writeInt32BE(request.readInt32BE(4), 4);
        nonsense.writeInt32BE(-1_402_470_399, 16);
        socket.write(nonsense);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = zookeeper.createClient(`127.0.0.1:${port}`, { sessionTimeout: 5000, retries: 0 });
  mendZookeeperClient(client);
  client.once("connected", () => client.getChildren("/", () => undefined));
  client.connect();
  try {
    const until = () => (connections >= 2 ? true : undefined);
    await waitUntil({ clock, until, withinMs: 5000, describe: "another attempt" });
    expect(connections).toBeGreaterThanOrEqual(2);
  } finally {
    const manager: { state: number } = Reflect.get(client, "connectionManager");
    manager.state = -1;
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
