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
  test("of ZooKeeper: the lowest request holds, and stands for the folder", () => {
    const nodes = [
      { path: "/lock", value: "", sessionId: null },
      { path: "/lock/master-failover", value: "", sessionId: null },
      { path: "/lock/master-failover/b-lock-0000000007", value: "b", sessionId: "s2" },
      { path: "/lock/master-failover/a-lock-0000000003", value: "a", sessionId: "s1" },
      { path: "/lock/free", value: "", sessionId: null },
    ];
    expect(translateLocks(nodes)).toEqual([
      { path: "/lock", value: "", sessionId: null, ephemeral: false, kind: "entry" },
      { path: "/lock/free", value: "", sessionId: null, ephemeral: false, kind: "entry" },
      { path: "/lock/master-failover", value: "a", sessionId: "s1", ephemeral: true, kind: "lock" },
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
