import { describe, expect, test } from "@jest/globals";
import { createSystemClock } from "../../src/base/index.ts";
import type { RegistryRecord } from "./evidence.ts";
import { createHistory } from "./history.ts";
import { nameHolders } from "./name-holders.ts";
import { differences, watchRegistry } from "./watch-registry.ts";
import { translateLocks } from "./zookeeper-view.ts";

function entry(path: string, sessionId: string | null = null, value = ""): RegistryRecord {
  return { path, value, sessionId, ephemeral: sessionId !== null, kind: "entry" };
}

describe("locks", () => {
  test("of ZooKeeper: the lowest request holds; folders are nothing", () => {
    const nodes = [
      { path: "/.locks", value: "", sessionId: null },
      { path: "/.locks/%2Flock%2Fmaster-failover", value: "", sessionId: null },
      { path: "/.locks/%2Flock%2Fmaster-failover/b-0000000007", value: "/lock", sessionId: "s2" },
      { path: "/.locks/%2Flock%2Fmaster-failover/a-0000000003", value: "/lock", sessionId: "s1" },
      { path: "/lock/free", value: "", sessionId: null },
      { path: "/nodes/master/a:1@0e4-00000000-123456789012", value: "", sessionId: "s1" },
    ];
    expect(translateLocks(nodes)).toEqual([
      { path: "/lock/master-failover", value: "/lock", sessionId: "s1", ephemeral: true, kind: "lock" },
      { ...nodes[5], ephemeral: true, kind: "entry" },
    ]);
  });

  test("are held by the node whose session it is", () => {
    const lock: RegistryRecord = { ...entry("/lock/x", "s1", "uuid"), kind: "lock" };
    const [, named] = nameHolders([entry("/nodes/master/a:1@one", "s1"), lock]);
    expect(named?.value).toBe("a:1@one");
    expect(nameHolders([lock])[0]?.value).toBe("uuid");
  });
});

describe("the watch", () => {
  test("sees what went and what came, also on the same path", () => {
    const before = [entry("/a"), entry("/nodes/master/x", "s1")];
    const after = [entry("/b"), entry("/nodes/master/x", "s2")];
    expect(differences(before, after).map(({ type, path }) => `${type} ${path}`)).toEqual([
      "registry.entry.removed /a",
      "registry.entry.removed /nodes/master/x",
      "registry.entry.added /b",
      "registry.entry.added /nodes/master/x",
    ]);
    expect(differences(after, after)).toEqual([]);
  });

  test("goes on after a registry that did not answer, and takes its silence for nothing", async () => {
    const clock = createSystemClock();
    const history = createHistory(clock);
    const trees = [[entry("/a")], undefined, [entry("/a"), entry("/b")]];
    let looks = 0;
    const view = {
      tree: () => {
        const tree = trees[Math.min(looks, trees.length - 1)];
        looks += 1;
        return tree === undefined ? Promise.reject(new Error("frozen")) : Promise.resolve(tree);
      },
      close: () => Promise.resolve(),
    };
    const watch = watchRegistry({ view, history, clock, periodMs: 1 });
    const isB = (event: { readonly type: string }): boolean => "path" in event && event.path === "/b";
    await history.waitFor({ matches: isB, withinMs: 2000, describe: "/b" });
    await watch.stop();
    expect(history.events().map(({ type }) => type)).toEqual([
      "registry.entry.added",
      "registry.entry.added",
    ]);
    expect(watch.lastSeen()).toHaveLength(2);
  });
});
