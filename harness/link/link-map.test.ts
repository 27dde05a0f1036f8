import { describe, expect, test } from "@jest/globals";
import { createSystemClock } from "../../src/base/index.ts";
import type { Endpoint } from "./link.ts";
import { openLinkMap } from "./link-map.ts";

const clock = createSystemClock();

function nodes(
  names: readonly string[],
): { name: string; address: string; target: () => Endpoint | undefined }[] {
  return names.map((name, index) => ({
    name,
    address: `127.0.0.1:${9000 + index}`,
    target: () => undefined,
  }));
}

describe("the links of a cluster", () => {
  test("every node has links of its own to both services and to every node", async () => {
    const map = await openLinkMap({
      nodes: nodes(["master-1", "master-2", "worker-1"]),
      databaseUrl: "postgres://me@127.0.0.1:5433/db?application_name=x",
      registry: { kind: "jdbc", url: "postgres://me@127.0.0.1/db", root: "/r" },
      clock,
    });
    const one = map.endpoints("master-1");
    const two = map.endpoints("master-2");
    expect(one.databaseUrl).toBe(
      `postgres://me@127.0.0.1:${map.toDatabase("master-1").port}/db?application_name=x`,
    );
    expect(one.registry).toEqual({
      kind: "jdbc",
      url: `postgres://me@127.0.0.1:${map.toRegistry("master-1")[0]?.port}/db`,
      root: "/r",
    });
    expect(Object.keys(one.dial)).toEqual(["127.0.0.1:9000", "127.0.0.1:9001", "127.0.0.1:9002"]);
    const ports = map.all().map((link) => link.port);
    expect(ports).toHaveLength(15);
    expect(new Set(ports).size).toBe(15);
    expect(Object.values(one.dial)).not.toEqual(Object.values(two.dial));
    await map.close();
  });

  test("a registry of several servers has a link for each", async () => {
    const map = await openLinkMap({
      nodes: nodes(["master-1"]),
      databaseUrl: "postgres://me@127.0.0.1:5433/db",
      registry: { kind: "zookeeper", servers: "127.0.0.1:2181, 127.0.0.1:2182", root: "/r" },
      clock,
    });
    const [first, second] = map.toRegistry("master-1");
    expect(map.endpoints("master-1").registry).toEqual({
      kind: "zookeeper",
      servers: `127.0.0.1:${first?.port},127.0.0.1:${second?.port}`,
      root: "/r",
    });
    await map.close();
  });
});
