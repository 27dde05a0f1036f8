import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import type { NodeConfig } from "../config/index.ts";
import { loadNodeConfig } from "./load-node-config.ts";

const directory = mkdtempSync(path.join(tmpdir(), "failover-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

function load(config: unknown): NodeConfig {
  const file = path.join(directory, "node.json");
  writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
  return loadNodeConfig(file);
}

const WORKER = {
  kind: "worker",
  address: "127.0.0.1:1234",
  registry: { kind: "jdbc", url: "postgres://me@127.0.0.1:5432/db", root: "/case-1" },
  dataDirectory: "/tmp/x",
};

test("what is not said has its default", () => {
  expect(load({ ...WORKER, timing: { sessionTimeoutMs: 800 }, dial: { "a:1": "b:2" } })).toEqual({
    ...WORKER,
    dial: { "a:1": "b:2" },
    listen: { host: "127.0.0.1", port: 0 },
    timing: {
      sessionTimeoutMs: 800,
      failoverDelayMs: 0,
      reconcileIntervalMs: 1600,
      shutdownGraceMs: 3000,
      dispatchTimeoutMs: 0,
      retentionMs: 604_800_000,
    },
    disconnectStrategy: "STOP",
    master: { failoverBatchSize: 1000, loadBalancer: "DYNAMIC_WEIGHTED_ROUND_ROBIN" },
    worker: { taskSlots: 100, weight: 100, busyAbove: 1, groups: [] },
  });
});

test("all problems are told at once: where, what, how to fix", () => {
  const broken = {
    ...WORKER,
    kind: "mastr",
    address: "here",
    registry: { kind: "jdbc", url: "mysql://x", root: "case" },
    worker: { taskSlots: 0, groups: "default" },
    timing: { sesionTimeoutMs: 1 },
    dial: ["a"],
  };
  expect(() => load(broken)).toThrow(
    [
      "node.json is not a valid configuration:",
      '  kind is "mastr"; write one of master, worker, alert-server (did you mean master?)',
      '  address is "here"; write an address of the form host:port',
      '  dial is ["a"]; write an object with texts as values',
      '  registry.root is "case"; write a path that starts with / and does not end with it',
      '  registry.url is "mysql://x"; write a URL like postgres://user@host:5432/database',
      "  databaseUrl is missing; write a URL like postgres://user@host:5432/database",
      "  timing.sesionTimeoutMs is not a key that is known here; remove it (did you mean sessionTimeoutMs?)",
      "  worker.taskSlots is 0; write a number from 1 to 100000",
      '  worker.groups is "default"; write a list of texts',
    ].join("\n"),
  );
});

test("a file that is not there, or not JSON, is said so", () => {
  expect(() => loadNodeConfig(path.join(directory, "absent.json"))).toThrow("by --config");
  expect(() => load("{")).toThrow("node.json is not JSON");
  expect(() => load([])).toThrow("the file is []; write an object");
});
