import { expect, test } from "@jest/globals";
import { createSystemClock, waitUntil } from "../base/index.ts";
import { createMachineProbe, isOverloaded, processorUsage, watchMachineLoad } from "./machine-load.ts";

const clock = createSystemClock();

test("a node is overloaded above any of its limits, and never by what is not known", () => {
  const limits = { cpuAbove: 0.7, memoryAbove: 0.8, diskAbove: 0.9 };
  expect(isOverloaded({ cpuUsage: 0.7, memoryUsage: 0.8, diskUsage: 0.9 }, limits)).toBe(false);
  expect(isOverloaded({ cpuUsage: 0.75 }, limits)).toBe(true);
  expect(isOverloaded({ memoryUsage: 0.85 }, limits)).toBe(true);
  expect(isOverloaded({ diskUsage: 0.95 }, limits)).toBe(true);
  expect(isOverloaded({}, limits)).toBe(false);
  expect(isOverloaded({ cpuUsage: 1, memoryUsage: 1, diskUsage: 1 }, undefined)).toBe(false);
});

test("processor usage is the busy share of the time between two looks", () => {
  expect(processorUsage({ busyMs: 10, totalMs: 100 }, { busyMs: 40, totalMs: 200 })).toBeCloseTo(0.3);
  expect(processorUsage({ busyMs: 10, totalMs: 100 }, { busyMs: 10, totalMs: 100 })).toBeUndefined();
});

test("the load is told in steps, and only when it changes", async () => {
  let busyMs = 0;
  let changes = 0;
  const probe = {
    processorTimes: () => ({ busyMs: (busyMs += 33), totalMs: busyMs * 2 }),
    memoryUsage: () => 0.512,
    diskUsage: () => Promise.reject(new Error("no such directory")),
  };
  const load = watchMachineLoad({ clock, probe, everyMs: 5 });
  load.onChange(() => (changes += 1));
  await waitUntil({ clock, until: () => busyMs > 300 || undefined, withinMs: 2000, describe: "looks" });
  load.close();
  expect(load.usage).toEqual({ cpuUsage: 0.5, memoryUsage: 0.5 });
  expect(changes).toBe(1);
});

test("this machine has processors, memory and a disk", async () => {
  const probe = createMachineProbe(".");
  expect(probe.processorTimes().totalMs).toBeGreaterThan(0);
  for (const share of [probe.memoryUsage(), await probe.diskUsage()]) {
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThanOrEqual(1);
  }
});
