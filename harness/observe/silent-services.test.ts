import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSystemClock } from "../../src/base/index.ts";
import { createDatabaseView } from "./database.ts";
import { createRegistryView } from "./open-registry-view.ts";

/** A service that a case has frozen: it accepts connections and says nothing. The judge has to notice, not to wait. */

const clock = createSystemClock();
const DEADLINE_MS = 150;
const sockets = new Set<Socket>();
let server: Server;
let port = 0;

function listen(on: Server): Promise<number> {
  return new Promise((resolve) => {
    on.listen(0, "127.0.0.1", () => resolve((on.address() as AddressInfo).port));
  });
}

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  port = await listen(server);
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** What a look came to, and that it and the closing after it did not take long. */
async function lookAt(look: () => Promise<unknown>, close: () => Promise<void>): Promise<string> {
  const startMs = clock.monotonicMs();
  const said = await look().then(
    () => "answered",
    (error: unknown) => String(error),
  );
  await close();
  expect(clock.monotonicMs() - startMs).toBeLessThan(2000);
  return said;
}

describe("the judge", () => {
  test("says that a frozen database does not answer", async () => {
    const url = `postgres://user@127.0.0.1:${port}/database`;
    const view = createDatabaseView({ url, clock, deadlineMs: DEADLINE_MS });
    const said = await lookAt(
      () => view.tables(),
      () => view.close(),
    );
    expect(said).toContain("ObservationError: the database does not answer the judge");
  });

  test("says that a frozen ZooKeeper does not answer", async () => {
    const config = { kind: "zookeeper", servers: `127.0.0.1:${port}`, root: "/case" } as const;
    const view = createRegistryView(config, { clock, deadlineMs: DEADLINE_MS });
    expect(
      await lookAt(
        () => view.tree(),
        () => view.close(),
      ),
    ).toContain("ZooKeeper does not answer the judge");
  });

  test("says so, too, when nobody listens", async () => {
    const free = createServer();
    const nobody = await listen(free);
    await new Promise((resolve) => free.close(resolve));
    const url = `postgres://user@127.0.0.1:${nobody}/database`;
    const view = createDatabaseView({ url, clock, deadlineMs: DEADLINE_MS });
    expect(
      await lookAt(
        () => view.tables(),
        () => view.close(),
      ),
    ).toContain("ECONNREFUSED");
  });
});
