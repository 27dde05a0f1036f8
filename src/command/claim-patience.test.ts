import { expect, test } from "@jest/globals";
import { createSystemClock } from "../base/index.ts";
import { createPatience } from "./claim-loop.ts";

function patienceAt(times: { now: number }) {
  return createPatience({ ...createSystemClock(), monotonicMs: () => times.now }, 1000);
}

test("commands of others are overdue when they stood there for as long as the patience lasts", () => {
  const times = { now: 0 };
  const overdueUpTo = patienceAt(times);
  expect(overdueUpTo(50)).toBe(0);
  times.now = 999;
  expect(overdueUpTo(50)).toBe(0);
  times.now = 1000;
  expect(overdueUpTo(50)).toBe(50);
});

test("newer ones do not become overdue with the older ones, and do not keep them from it", () => {
  const times = { now: 0 };
  const overdueUpTo = patienceAt(times);
  for (let look = 0; look < 10; look += 1) {
    times.now = look * 300;
    overdueUpTo(100 + look);
  }
  // At 2700: what was seen by 1700 has waited for a second, which was 105 at 1500.
  expect(overdueUpTo(109)).toBe(105);
});

test("what was overdue once stays so while lower ones are left", () => {
  const times = { now: 0 };
  const overdueUpTo = patienceAt(times);
  overdueUpTo(80);
  times.now = 1500;
  expect(overdueUpTo(80)).toBe(80);
  expect(overdueUpTo(7)).toBe(80);
});
