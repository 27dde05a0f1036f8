import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { effectDirectory, readTaskStarts } from "./effects.ts";

let workDirectory = "";
beforeEach(async () => {
  workDirectory = await mkdtemp(join(tmpdir(), "effects-"));
});
afterEach(() => rm(workDirectory, { recursive: true, force: true }));

async function leave(run: number, files: Readonly<Record<string, string>>, instance = 3): Promise<void> {
  const directory = join(workDirectory, effectDirectory("etl.load", instance, run));
  await mkdir(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
}

test("reads what runs left behind", async () => {
  await leave(1, { started: "8 1 127.0.0.1:5 0 1000500000000\n", finished: "2 1000750000000\n" });
  await leave(2, { started: "9 1 127.0.0.1:6 0 1001000000000 77\n", overlaps: "1\n" });
  const starts = await readTaskStarts({ workDirectory, startWallMs: 1_000_000 });
  const common = { workflow: "etl", task: "load", workflowInstanceId: 3 };
  expect(starts).toEqual([
    {
      ...common,
      taskInstanceId: 8,
      run: 1,
      startedAtMs: 500,
      finishedAtMs: 750,
      exitCode: 2,
      overlaps: [],
      node: "127.0.0.1:5",
      alive: false,
    },
    {
      ...common,
      taskInstanceId: 9,
      run: 2,
      startedAtMs: 1000,
      finishedAtMs: undefined,
      exitCode: undefined,
      overlaps: [1],
      node: "127.0.0.1:6",
      alive: false,
    },
  ]);
});

test("runs stand by number, and a half-written one is not there yet", async () => {
  for (const run of [10, 9, 2]) await leave(run, { started: `${run} 1 a:1 0 1\n` });
  await leave(11, { started: "11 1 a:1" });
  await leave(12, {});
  const starts = await readTaskStarts({ workDirectory, startWallMs: 0 });
  expect(starts.map(({ run }) => run)).toEqual([2, 9, 10]);
});

test("no folder is no start", async () => {
  expect(await readTaskStarts({ workDirectory: join(workDirectory, "none"), startWallMs: 0 })).toEqual([]);
});
