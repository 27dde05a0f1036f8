import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createSystemClock, required, waitUntil } from "../../src/base/index.ts";
import { startKeeper } from "./keeper.ts";
import { isRunning, pidsWithEnvironment } from "./process-table.ts";
import { projectRoot } from "./project-root.ts";
import type { RunRecord } from "./run-record.ts";
import type { SweepReport } from "./sweep.ts";

const clock = createSystemClock();
const GONE_WITHIN_MS = 5_000;
/** Long enough for a signal to end a process. */
const SIGNAL_MS = 100;
let built: string;
let directory: string;
let runs = 0;
const started: number[] = [];

beforeAll(() => {
  built = mkdtempSync(path.join(tmpdir(), "keeper-built-"));
  const entries = [
    "keeper=harness/keeper/main.ts",
    "client=harness/keeper/index.ts",
    "base=src/base/index.ts",
  ];
  const options = [
    "--bundle",
    "--platform=node",
    "--format=cjs",
    "--out-extension:.js=.cjs",
    `--outdir=${built}`,
  ];
  const esbuild = path.join(projectRoot(), "node_modules", ".bin", "esbuild");
  execFileSync(esbuild, [...entries, ...options, "--log-level=error"], { cwd: projectRoot() });
});

afterAll(() => rmSync(built, { recursive: true }));

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "keeper-test-"));
});

afterEach(() => {
  // Only after a failure is any of them still there.
  for (const pid of started.splice(0)) if (isRunning(pid)) process.kill(pid, "SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

interface Possessions {
  readonly pids: readonly number[];
  readonly port: number;
  readonly owned: string;
}

interface HarnessLike {
  readonly child: ChildProcess;
  readonly has: Possessions;
  readonly keeperPid: number;
  readonly lines: readonly string[];
}

async function startHarnessLike(): Promise<HarnessLike> {
  runs += 1;
  const runId = `keeper-test-${process.pid}-${runs}`;
  const script = path.join(__dirname, "testdata", "harness-like.cjs");
  const bundles = ["client", "base", "keeper"].map((name) => path.join(built, `${name}.cjs`));
  const child = spawn(process.execPath, [script, ...bundles, directory, runId], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const lines = (): string[] => output.split("\n").filter((line) => line !== "");
  const has = await waitUntil({
    clock,
    withinMs: GONE_WITHIN_MS,
    describe: "the harness-like process to have everything",
    lastSeen: () => output,
    until: () => (lines()[0] === undefined ? undefined : (JSON.parse(lines()[0] ?? "") as Possessions)),
  });
  const record = JSON.parse(readFileSync(path.join(records(), `${runId}.json`), "utf8")) as RunRecord;
  const keeperPid = required(record.keeper?.pid, "pid of the keeper");
  started.push(required(child.pid, "pid of the harness-like process"), ...has.pids, keeperPid);
  return {
    child,
    has,
    keeperPid,
    get lines() {
      return lines();
    },
  };
}

const records = (): string => path.join(directory, "records", "runs");

async function expectNothingLeft({ has, keeperPid }: HarnessLike): Promise<void> {
  const left = (): string[] => [
    ...[...has.pids, keeperPid].filter((pid) => isRunning(pid)).map((pid) => `process ${pid}`),
    ...[has.owned, path.join(directory, "records")].filter((each) => existsSync(each)),
  ];
  await waitUntil({
    clock,
    withinMs: GONE_WITHIN_MS,
    describe: "nothing to be left",
    lastSeen: () => left().join(", "),
    until: () => (left().length === 0 ? true : undefined),
  });
  expect(await answers(has.port)).toBe(false);
}

/** Whether a process has handlers for SIGHUP, SIGINT and SIGTERM: until then they would end it. */
function catchesSignals(pid: number): boolean {
  const mask = /SigCgt:\s*([0-9a-f]+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "0";
  const wanted = (1n << 0n) | (1n << 1n) | (1n << 14n);
  return (BigInt(`0x${mask}`) & wanted) === wanted;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

describe("the keeper", () => {
  test("removes everything of a harness that was killed", async () => {
    const harness = await startHarnessLike();
    expect(harness.has.pids.map((pid) => isRunning(pid))).toEqual([true, true, true, true, true]);
    expect(await answers(harness.has.port)).toBe(true);
    harness.child.kill("SIGKILL");
    await expectNothingLeft(harness);
  });

  test("does not end with the terminal's signals, nor with a polite kill", async () => {
    const harness = await startHarnessLike();
    await waitUntil({
      clock,
      withinMs: GONE_WITHIN_MS,
      describe: "the keeper to be up",
      until: () => (catchesSignals(harness.keeperPid) ? true : undefined),
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(harness.keeperPid, signal);
    await clock.sleep(SIGNAL_MS);
    expect(isRunning(harness.keeperPid)).toBe(true);
    harness.child.kill("SIGKILL");
    await expectNothingLeft(harness);
  });

  test("is in a session of its own, so that Ctrl-C does not reach it", async () => {
    const harness = await startHarnessLike();
    const fields =
      readFileSync(`/proc/${harness.keeperPid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
    // State, parent, process group, session.
    expect(fields[3]).toBe(String(harness.keeperPid));
    harness.child.kill("SIGKILL");
    await expectNothingLeft(harness);
  });

  test("that was killed with its harness is made up for by the next one", async () => {
    const harness = await startHarnessLike();
    process.kill(harness.keeperPid, "SIGKILL");
    harness.child.kill("SIGKILL");
    await waitUntil({
      clock,
      withinMs: GONE_WITHIN_MS,
      describe: "both to be gone",
      until: () => (isRunning(harness.keeperPid) || isRunning(harness.child.pid ?? 0) ? undefined : true),
    });
    expect(harness.has.pids.map((pid) => isRunning(pid))).toEqual([true, true, true, true, true]);
    const next = startKeeper({
      runId: `keeper-test-next-${process.pid}`,
      clock,
      program: path.join(built, "keeper.cjs"),
      records: records(),
    });
    expect(await next.close()).toEqual({ processes: [], directories: [], containers: [], failures: [] });
    await expectNothingLeft(harness);
  });

  test("leaves the run of a living harness alone", async () => {
    const harness = await startHarnessLike();
    const other = startKeeper({
      runId: `keeper-test-other-${process.pid}`,
      clock,
      program: path.join(built, "keeper.cjs"),
      records: records(),
    });
    await other.close();
    expect(readdirSync(records())).toHaveLength(1);
    expect(harness.has.pids.map((pid) => isRunning(pid))).toEqual([true, true, true, true, true]);
    harness.child.kill("SIGKILL");
    await expectNothingLeft(harness);
  });

  test("names what a run left when it is closed", async () => {
    const harness = await startHarnessLike();
    harness.child.stdin?.write("close\n");
    const line = await waitUntil({
      clock,
      withinMs: GONE_WITHIN_MS,
      describe: "a report",
      until: () => harness.lines[1],
    });
    const report = JSON.parse(line) as SweepReport;
    expect(new Set(report.processes)).toEqual(new Set(harness.has.pids));
    expect(report).toMatchObject({ directories: [harness.has.owned], failures: [] });
    harness.child.kill("SIGKILL");
    await expectNothingLeft(harness);
  });

  test("ends no process of another run, whose id begins with the same letters", async () => {
    const bystander = spawn("sleep", ["1000"], {
      stdio: "ignore",
      env: { PATH: process.env.PATH, FAILOVER_RUN_ID: `keeper-test-${process.pid}-${runs + 1}0` },
    });
    const harness = await startHarnessLike();
    harness.child.kill("SIGKILL");
    await expectNothingLeft(harness);
    expect(isRunning(bystander.pid ?? 0)).toBe(true);
    bystander.kill("SIGKILL");
  });

  test("says what to do when its program was not built", () => {
    const start = (): unknown =>
      startKeeper({ runId: "x", clock, program: "/nowhere/keeper.cjs", records: records() });
    expect(start).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ fix: "npm run build" })] }),
    );
  });
});

test("a process is found by its environment, exactly", async () => {
  const child = spawn("sleep", ["1000"], {
    stdio: "ignore",
    env: { PATH: process.env.PATH, KEEPER_TEST: "a b" },
  });
  const pid = child.pid ?? 0;
  await waitUntil({
    clock,
    withinMs: GONE_WITHIN_MS,
    describe: "the process to be found",
    until: () => (pidsWithEnvironment("KEEPER_TEST=a b").has(pid) ? true : undefined),
  });
  expect(pidsWithEnvironment("KEEPER_TEST=a").has(pid)).toBe(false);
  child.kill("SIGKILL");
});
