import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createSystemClock, required } from "../base/index.ts";
import { findMarkedProcesses, identifyProcess, writeDurably } from "../guard/index.ts";
import { claimDataDirectory } from "./data-directory.ts";

const clock = createSystemClock();
let directory = "";
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "failover-data-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const claim = (incarnation: string) => claimDataDirectory({ directory, address: "a:1", incarnation, clock });

test("a new directory has no predecessor; the next life finds all of this one's incarnations", async () => {
  const first = await claim("i1");
  expect(first.predecessor).toBeUndefined();
  await first.addIncarnation("i2");
  expect((await claim("i3")).predecessor).toMatchObject({ address: "a:1", incarnations: ["i1", "i2"] });
});

test("a directory whose process lives is refused", async () => {
  const other = spawn("sleep", ["60"]);
  try {
    const identity = required(identifyProcess(required(other.pid, "pid")), "sleep");
    await writeDurably(path.join(directory, "node.json"), {
      ...identity,
      address: "a:1",
      incarnations: ["i1"],
    });
    await expect(claim("i2")).rejects.toThrow(`in use by process ${other.pid}`);
    // The same pid, but another process: that one is dead.
    await writeDurably(path.join(directory, "node.json"), {
      ...identity,
      startTicks: "1",
      address: "a:1",
      incarnations: ["i1"],
    });
    expect((await claim("i2")).predecessor?.incarnations).toEqual(["i1"]);
  } finally {
    other.kill("SIGKILL");
  }
});

test("what a dead life left running is ended, and somebody else's process is not", async () => {
  const mark = `FAILOVER_INCARNATION=${path.basename(directory)}`;
  const env = { ...process.env, FAILOVER_INCARNATION: path.basename(directory) };
  const left = spawn("sh", ["-c", "setsid sleep 61 & sleep 62"], { detached: true, env });
  const stranger = spawn("sleep", ["63"], { detached: true });
  try {
    const record = async (key: string, pid: number, ticks?: string): Promise<void> => {
      const identity = required(identifyProcess(pid), key);
      const value = { ...identity, startTicks: ticks ?? identity.startTicks, key, marks: [mark] };
      await writeDurably(path.join(directory, "processes", `${key}.json`), value);
    };
    await record("1-1", required(left.pid, "pid"));
    await record("2-1", required(stranger.pid, "pid"), "1");
    writeFileSync(path.join(directory, "processes", "3-1.json"), "half a rec");
    await claim("i2");
    expect(findMarkedProcesses([[mark]])).toEqual([]);
    expect(identifyProcess(required(stranger.pid, "pid"))).toBeDefined();
  } finally {
    stranger.kill("SIGKILL");
  }
});
