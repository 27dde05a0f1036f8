import { describe, expect, test } from "@jest/globals";
import { createSystemClock } from "../../src/base/index.ts";
import type { NodeEvent } from "../../src/model/index.ts";
import { createHistory, type History } from "./history.ts";

const clock = createSystemClock();

function ready(history: History, afterMs: number, node = "a:1"): NodeEvent {
  const monoMs = history.startMonoMs + afterMs;
  const body = {
    type: "node.ready",
    kind: "master",
    address: node,
    listenPort: 1,
    pid: 1,
    sessionTimeoutMs: 1000,
  } as const;
  return { ...body, seq: 1, node, incarnation: "i", wallMs: 0, monoMs };
}

const isReady = ({ type }: { readonly type: string }): boolean => type === "node.ready";

describe("the history", () => {
  test("stands in the order of time, whatever the order of arrival", () => {
    const history = createHistory(clock);
    history.addNodeEvent("master-1", ready(history, 30));
    history.addNodeEvent("master-2", ready(history, 10));
    history.addNodeEvent("master-3", ready(history, 20));
    expect(history.events().map((event) => Math.round(event.atMs))).toEqual([10, 20, 30]);
    expect(history.events()[0]).toMatchObject({ source: "node", nodeName: "master-2" });
  });

  test("tells who listens, until he stops", () => {
    const history = createHistory(clock);
    const seen: string[] = [];
    const stop = history.subscribe((event) => seen.push(event.type));
    history.add({ source: "harness", type: "step.landed", step: "s" });
    stop();
    history.add({ source: "harness", type: "step.undone", step: "s" });
    expect(seen).toEqual(["step.landed"]);
    expect(history.events()).toHaveLength(2);
  });

  test("waits for an event that is there, comes, or comes the nth time", async () => {
    const history = createHistory(clock);
    const wait = { matches: isReady, withinMs: 1000, describe: "a node" };
    const second = history.waitFor({ ...wait, nth: 2 });
    history.addNodeEvent("master-1", ready(history, 10));
    await expect(history.waitFor(wait)).resolves.toMatchObject({ nodeName: "master-1" });
    history.addNodeEvent("master-2", ready(history, 20));
    await expect(second).resolves.toMatchObject({ nodeName: "master-2" });
    await expect(history.waitFor({ ...wait, sinceMs: 15 })).resolves.toMatchObject({ nodeName: "master-2" });
  });

  test("gives up at the limit and on a signal, and says what for", async () => {
    const history = createHistory(clock);
    const wait = { matches: isReady, withinMs: 20, describe: "two nodes", nth: 2 };
    history.addNodeEvent("master-1", ready(history, 10));
    await expect(history.waitFor(wait)).rejects.toThrow("waited 20 ms for two nodes; it came 1 of 2 times");
    const stop = new AbortController();
    const aborted = history.waitFor({ ...wait, withinMs: 60_000, signal: stop.signal });
    stop.abort();
    await expect(aborted).rejects.toThrow("two nodes");
  });
});
