import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createSystemClock, waitUntil } from "../../src/base/index.ts";
import { readTaskStarts } from "../observe/effects.ts";
import { wrapScript } from "./wrap-script.ts";

const ENVIRONMENT = {
  PATH: process.env.PATH,
  FAILOVER_WORKFLOW_INSTANCE_ID: "7",
  FAILOVER_TASK_INSTANCE_ID: "12",
  FAILOVER_DISPATCH_NO: "1",
  FAILOVER_NODE: "127.0.0.1:1234",
};

describe("a wrapped script", () => {
  const clock = createSystemClock();
  const children: ChildProcess[] = [];
  let workDirectory: string;

  beforeEach(async () => {
    workDirectory = await mkdtemp(join(tmpdir(), "it's a case "));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await rm(workDirectory, { recursive: true, force: true });
  });

  const wrapped = (script: string): string =>
    wrapScript({ workflow: "etl", task: "A", script, workDirectory });
  const run = (script: string): { status: number | null; stdout: string; stderr: string } =>
    spawnSync("sh", ["-c", wrapped(script)], { env: ENVIRONMENT, encoding: "utf8" });
  const starts = (): ReturnType<typeof readTaskStarts> => readTaskStarts({ workDirectory, startWallMs: 0 });
  const inBackground = (script: string): ChildProcess => {
    const child = spawn("sh", ["-c", wrapped(script)], {
      env: ENVIRONMENT,
      detached: true,
      stdio: "ignore",
    });
    children.push(child);
    return child;
  };
  const startsOnce = async (count: number): Promise<Awaited<ReturnType<typeof starts>>> =>
    waitUntil({
      clock,
      withinMs: 5000,
      describe: `${count} starts`,
      until: async () => {
        const seen = await starts();
        return seen.length >= count ? seen : undefined;
      },
    });

  test("tells of its start and its end, and keeps output and exit code", async () => {
    const result = run("echo out; exit 3");
    expect(result).toMatchObject({ status: 3, stdout: "out\n", stderr: "" });
    const [start] = await starts();
    expect(start).toMatchObject({
      workflow: "etl",
      task: "A",
      workflowInstanceId: 7,
      taskInstanceId: 12,
      run: 1,
      exitCode: 3,
      overlaps: [],
    });
    expect(start?.finishedAtMs).toBeGreaterThanOrEqual(start?.startedAtMs ?? Infinity);
  });

  test("knows its number and the folder of the case", async () => {
    run("exit 0");
    expect(run('test $RUN -ge 2 && echo hello >"$WORK/note"').status).toBe(0);
    expect(await readFile(join(workDirectory, "note"), "utf8")).toBe("hello\n");
  });

  test("passes a script through whatever characters it has", () => {
    const text = `a'b"c\\d $(echo no) é # { } [ ]`;
    expect(run(`cat <<'END'\n${text}\nEND`).stdout).toBe(`${text}\n`);
  });

  test("keeps the signal of a killed script in its exit code", () => {
    expect(run("kill -9 $$").status).toBe(137);
  });

  test("has nothing in it that the scheduler would take for a parameter", () => {
    expect(wrapped("exit 0")).not.toContain("${");
  });

  test("names the runs of the same task that are alive when it starts", async () => {
    inBackground("sleep 30");
    await startsOnce(1);
    run("exit 0");
    expect((await starts()).map(({ overlaps }) => overlaps)).toEqual([[], [1]]);
  });

  test("does not name a run that was killed, or whose processes nobody has collected yet", async () => {
    const child = inBackground("sleep 30");
    await startsOnce(1);
    process.kill(-(child.pid ?? Number.NaN), "SIGKILL");
    run("exit 0");
    expect((await starts()).map(({ overlaps }) => overlaps)).toEqual([[], []]);
  });

  test("names a run whose shell is gone but whose children live", async () => {
    const child = inBackground("sleep 30");
    await startsOnce(1);
    child.kill("SIGKILL");
    await waitUntil({
      clock,
      withinMs: 2000,
      describe: "shell to end",
      until: () => child.signalCode ?? undefined,
    });
    run("exit 0");
    expect((await starts()).map(({ overlaps }) => overlaps)).toEqual([[], [1]]);
  });

  test("gives every one of many simultaneous runs its own number", async () => {
    for (let count = 0; count < 20; count += 1) inBackground("exit 0");
    const seen = await startsOnce(20);
    expect(seen.map(({ run: number }) => number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });
});
