import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { createSystemClock } from "../base/index.ts";
import { planPruning, pruneLogs } from "./prune-logs.ts";

const directory = mkdtempSync(path.join(tmpdir(), "failover-logs-"));
afterAll(() => rmSync(directory, { recursive: true }));

const nobody = (): boolean => false;

test("logs go when they are too old, then the oldest until the rest fits, and never one that is written", () => {
  const files = [30, 10, 20].map((writtenMs) => ({ file: `f${writtenMs}`, bytes: 100, writtenMs }));
  const now = { nowMs: 40, isLive: nobody };
  expect(planPruning(files, { retentionMs: 100, limitBytes: 300 }, now)).toEqual([]);
  expect(planPruning(files, { retentionMs: 15, limitBytes: 300 }, now)).toEqual(["f10", "f20"]);
  expect(planPruning(files, { retentionMs: 100, limitBytes: 150 }, now)).toEqual(["f10", "f20"]);
  const isLive = (file: string): boolean => file === "f10";
  expect(planPruning(files, { retentionMs: 15, limitBytes: 150 }, { nowMs: 40, isLive })).toEqual([
    "f20",
    "f30",
  ]);
});

test("files and empty folders are removed", async () => {
  for (const id of ["1", "2"]) {
    mkdirSync(path.join(directory, id));
    writeFileSync(path.join(directory, id, `${id}-1.log`), "x");
  }
  utimesSync(path.join(directory, "1", "1-1.log"), 1, 1);
  const bounds = { retentionMs: 60_000, limitBytes: 10 };
  expect(await pruneLogs(directory, bounds, { nowMs: createSystemClock().now(), isLive: nobody })).toBe(1);
  expect([existsSync(path.join(directory, "1")), existsSync(path.join(directory, "2"))]).toEqual([
    false,
    true,
  ]);
  expect(await pruneLogs(path.join(directory, "absent"), bounds, { nowMs: 0, isLive: nobody })).toBe(0);
});
