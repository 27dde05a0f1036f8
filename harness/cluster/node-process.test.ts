import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createSystemClock, waitUntil } from "../../src/base/index.ts";
import type { NodeEvent } from "../../src/model/index.ts";
import { NodeProcess } from "./node-process.ts";
import { NodeStartError } from "./node-start-error.ts";
import { processState } from "./process-state.ts";

const clock = createSystemClock();
const PROGRAM = join(__dirname, "testdata", "stand-in-node.cjs");
const releases: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

function spawn(behaviour = ""): { node: NodeProcess; events: NodeEvent[] } {
  const directory = mkdtempSync(join(tmpdir(), "node-process-"));
  const config = join(directory, "config.json");
  const listen = { host: "127.0.0.1", port: 0 };
  writeFileSync(config, JSON.stringify({ kind: "master", address: "127.0.0.1:5678", listen }));
  const events: NodeEvent[] = [];
  const node = new NodeProcess({
    name: "master-1",
    program: PROGRAM,
    args: ["master", "--config", config],
    environment: { STAND_IN: behaviour },
    output: join(directory, "1"),
    clock,
    originMs: clock.monotonicMs(),
    onEvent: (event) => events.push(event),
  });
  releases.push(async () => {
    await node.kill();
    rmSync(directory, { recursive: true });
  });
  return { node, events };
}

/** Tells a stand-in what to do; see testdata/stand-in-node.cjs. */
function order(node: NodeProcess, what: object): void {
  const socket = connect(node.listenPort ?? 0, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.end(`${JSON.stringify(what)}\n`);
}

describe("a node process", () => {
  test("is ready with its event, and goes at SIGTERM within the limit", async () => {
    const { node, events } = spawn();
    expect(node.phase).toBe("started");
    await node.ready(5000);
    expect(node.phase).toBe("ready");
    expect(node.listenPort).toBeGreaterThan(0);
    expect(node.incarnation).toBe(events[0]?.incarnation);
    expect(await node.stop({ withinMs: 5000, by: "step-1" })).toBe(true);
    expect(node.phase).toBe("ended");
    expect(events.map((event) => event.type)).toEqual(["node.ready", "node.stopping"]);
    expect(node.record()).toMatchObject({ exitCode: 0, signal: undefined, endedBy: "step-1" });
  });

  test("is killed when it does not go within the limit", async () => {
    const { node } = spawn("ignores-sigterm");
    await node.ready(5000);
    expect(await node.stop({ withinMs: 50 })).toBe(false);
    expect(node.record()).toMatchObject({ signal: "SIGKILL", exitCode: undefined, endedBy: undefined });
  });

  test("is gone when kill resolves", async () => {
    const { node } = spawn();
    await node.ready(5000);
    await node.kill("death");
    expect(processState(node.pid)).toBeUndefined();
    expect(node.record()).toMatchObject({ signal: "SIGKILL", endedBy: "death" });
    await node.kill("late");
    expect(node.record().endedBy).toBe("death");
  });

  test("is stopped in the kernel while it is paused, and can be killed then", async () => {
    const { node } = spawn();
    await node.ready(5000);
    await node.pause();
    expect(processState(node.pid)).toBe("T");
    expect(node.paused).toBe(true);
    await node.resume();
    expect(processState(node.pid)).not.toBe("T");
    expect(node.paused).toBe(false);
    expect(node.record().pauses).toHaveLength(1);
    await node.pause();
    await node.kill();
    expect(node.record().pauses.map(({ toMs }) => typeof toMs)).toEqual(["number", "number"]);
  });

  test("that ends before it is ready says so, with its last words", async () => {
    const { node } = spawn("dies-at-start");
    const failure = await node.ready(5000).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NodeStartError);
    expect(String(failure)).toContain("master-1 exited with code 3 before it was ready");
    expect(String(failure)).toContain("  registry: connect ECONNREFUSED\n  I give up");
  });

  test("that is silent is reported after the limit", async () => {
    const { node } = spawn("never-ready");
    await expect(node.ready(100)).rejects.toThrow("master-1 was not ready within 100 ms");
  });

  test("knows all its incarnations, and records the first", async () => {
    const { node, events } = spawn();
    await node.ready(5000);
    const first = node.incarnation;
    order(node, { newLife: true, emit: { type: "registry.session.suspended" } });
    await waitUntil({ clock, until: () => events[1], withinMs: 2000, describe: "an event" });
    expect(node.incarnation).not.toBe(first);
    expect(node.wasIncarnation(first)).toBe(true);
    expect(node.record().incarnation).toBe(first);
  });

  test("that ends by itself is blamed on nobody; all its events were read when it has ended", async () => {
    const { node, events } = spawn();
    await node.ready(5000);
    const log = { type: "log", level: "info", message: "x".repeat(40_000) };
    order(node, { emit: log });
    order(node, { emit: { type: "registry.session.lost", reason: "x" }, exit: 1 });
    await node.ended;
    expect(node.record()).toMatchObject({ exitCode: 1, endedBy: undefined });
    expect(events.length).toBeGreaterThanOrEqual(1);
  });

  test("that cannot be spawned ends at once", async () => {
    const directory = mkdtempSync(join(tmpdir(), "node-process-"));
    releases.push(() => rmSync(directory, { recursive: true }));
    const node = new NodeProcess({
      name: "master-1",
      program: join(directory, "absent.cjs"),
      args: [],
      environment: {},
      output: join(directory, "1"),
      clock,
      originMs: 0,
      onEvent: () => undefined,
    });
    await expect(node.ready(5000)).rejects.toThrow("master-1 exited with code 1 before it was ready");
  });
});
