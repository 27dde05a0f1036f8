import { expect, test } from "@jest/globals";
import { LONGEST_PAUSE_MS, WorkerPauses } from "./worker-pauses.ts";

test("pauses start small, double, are bounded, and end when the worker is heard of", () => {
  const pauses = new WorkerPauses(200);
  const lengths: number[] = [];
  for (let time = 0; time < 12; time += 1) {
    pauses.refused("w", 1000);
    lengths.push((pauses.nextEndMs(1000) ?? 0) - 1000);
  }
  expect(lengths.slice(0, 4)).toEqual([200, 400, 800, 1600]);
  expect(lengths.at(-1)).toBe(LONGEST_PAUSE_MS);
  expect(pauses.isPaused("w", 1000 + LONGEST_PAUSE_MS - 1)).toBe(true);
  expect(pauses.isPaused("w", 1000 + LONGEST_PAUSE_MS)).toBe(false);
  pauses.forget("w");
  expect(pauses.isPaused("w", 1000)).toBe(false);
  pauses.refused("w", 1000);
  expect(pauses.nextEndMs(1000)).toBe(1200);
});
