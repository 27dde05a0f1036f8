import { readdirSync, readlinkSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { createSystemClock, waitUntil } from "../../src/base/index.ts";
import { cutSocket } from "./cut-socket.ts";

const clock = createSystemClock();

/** How many sockets this process has open, as the kernel counts. */
function openSockets(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

test.each([
  ["an open socket", () => undefined],
  ["one that has just been ended", (socket: Socket) => void socket.end()],
  [
    "one that has just been ended with text on its way",
    (socket: Socket) => void socket.end("x".repeat(100_000)),
  ],
])("%s is closed, and its handle with it", async (_, prepare) => {
  const before = openSockets();
  const server = createServer((socket) => socket.on("error", () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const socket = connect(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  prepare(socket);
  cutSocket(socket);
  server.close();
  const left = await waitUntil({
    clock,
    until: () => (openSockets() === before ? 0 : undefined),
    withinMs: 2000,
    describe: "all sockets to be closed",
    lastSeen: () => `${openSockets() - before} more than before`,
  });
  expect(left).toBe(0);
});
