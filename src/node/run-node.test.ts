import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { buildSync } from "esbuild";
import { required } from "../base/index.ts";
import type { NodeEvent } from "../model/index.ts";

/** A node that does as its address says. */
const PROGRAM = `
  import { runNode } from "${path.resolve("src/node/index.ts")}";
  const start = async (config, ports) => {
    const [todo] = config.address.split(":");
    if (todo === "unreachable") throw new Error("the registry does not answer");
    if (todo === "hanging") ports.log.info("hanging");
    if (todo === "hanging") await new Promise(() => ports.clock.setPeriodic(1000, () => undefined));
    ports.identify("i1");
    ports.events.emit({ type: "node.ready", kind: "worker", address: config.address, listenPort: 1, pid: process.pid });
    const timer = ports.clock.setPeriodic(10, () => ports.failpoints.reach("task.report.before"));
    let end;
    const ended = new Promise((resolve) => { end = resolve; });
    if (todo === "quitting") end({ exitCode: 1 });
    return { ended, stop: async () => { timer.cancel(); end({ exitCode: 0 }); } };
  };
  runNode("worker", start, process.argv[2]).then((code) => process.exit(code));`;

const directory = mkdtempSync(path.join(tmpdir(), "failover-run-node-"));
const program = path.join(directory, "node.cjs");
const children: ChildProcess[] = [];

beforeAll(() => {
  buildSync({
    stdin: { contents: PROGRAM, resolveDir: path.resolve("."), loader: "ts" },
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: program,
  });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Run {
  readonly child: ChildProcess;
  readonly errors: () => string;
  readonly exit: Promise<number | string>;
  /** Resolves with the next event of a type. */
  event(type: NodeEvent["type"]): Promise<NodeEvent>;
}

function start(todo: string, changes: object = {}): Run {
  const config = {
    kind: "worker",
    address: `${todo}:1`,
    registry: { kind: "zookeeper", servers: "x:1", root: "/a" },
    dataDirectory: directory,
    timing: { shutdownGraceMs: 100 },
    ...changes,
  };
  const file = path.join(directory, `${todo}.json`);
  writeFileSync(file, JSON.stringify(config));
  const child = fork(program, [file], {
    stdio: ["ignore", "ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, FAILOVER_EVENTS_FD: "3" },
  });
  children.push(child);
  let errors = "";
  child.stderr?.on("data", (chunk) => (errors += String(chunk)));
  const waiting = new Map<string, (event: NodeEvent) => void>();
  let rest = "";
  (child.stdio[3] as Readable).setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line) as NodeEvent;
      waiting.get(event.type)?.(event);
    }
  });
  return {
    child,
    errors: () => errors,
    // Not "close": after a disconnect that one never comes.
    exit: Promise.all([once(child, "exit"), once(required(child.stderr, "stderr"), "close")]).then(
      ([[code, signal]]) => (code ?? signal) as number | string,
    ),
    event: (type) => new Promise((resolve) => waiting.set(type, resolve)),
  };
}

test("says when it is ready, stops when it is asked to, and exits with 0", async () => {
  const run = start("obedient");
  expect(await run.event("node.ready")).toMatchObject({ seq: 1, node: "obedient:1", incarnation: "i1" });
  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
  expect(run.errors()).toBe("");
});

test("exits with 1 when it gave up by itself", async () => {
  expect(await start("quitting").exit).toBe(1);
});

test("exits with 2 and says what is wrong in the configuration", async () => {
  const run = start("obedient", { kind: "master", databaseUrl: "postgres://me@x/db" });
  expect(await run.exit).toBe(2);
  expect(run.errors()).toMatch(/^error: .* is for a master; start it as one, or set "kind" to "worker"\n$/);
});

test("exits with 3 when something cannot be reached at the start", async () => {
  const run = start("unreachable");
  expect(await run.exit).toBe(3);
  expect(run.errors()).toBe("error: the registry does not answer\n");
});

test("can be stopped while it starts", async () => {
  const run = start("hanging");
  await run.event("log");
  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
}, 10_000);

test("dies with its supervisor", async () => {
  const run = start("obedient");
  await run.event("node.ready");
  run.child.disconnect();
  expect(await run.exit).toBe(1);
});

test("does at a failpoint what its supervisor says", async () => {
  const run = start("obedient");
  await run.event("node.ready");
  run.child.send({ kind: "arm-failpoint", armId: 5, at: "task.report.before", do: "die" });
  expect(await run.event("failpoint.reached")).toMatchObject({
    name: "task.report.before",
    held: false,
    armId: 5,
  });
  expect(await run.exit).toBe("SIGKILL");
});
