import { expect, test } from "@jest/globals";
import { dateWindowsOf } from "./date-windows.ts";

/** A Wednesday, in the second week of a month. */
const AT = Date.parse("2024-08-14T10:25:30Z");

function say(dateValue: string, atMs = AT): readonly string[] | undefined {
  const short = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
  return dateWindowsOf(dateValue, atMs)?.map(({ fromMs, toMs }) => `${short(fromMs)} ${short(toMs)}`);
}

const dayOf = (date: string): string => `${date}T00:00:00 ${date}T23:59:59`;

test.each([
  ["currentHour", ["2024-08-14T10:00:00 2024-08-14T10:59:59"]],
  ["last1Hour", ["2024-08-14T09:00:00 2024-08-14T09:59:59"]],
  ["last2Hours", ["2024-08-14T08:00:00 2024-08-14T08:59:59", "2024-08-14T09:00:00 2024-08-14T09:59:59"]],
  ["last24Hours", ["2024-08-13T10:25:30 2024-08-14T10:25:30"]],
  ["today", [dayOf("2024-08-14")]],
  ["last1Days", [dayOf("2024-08-13")]],
  ["last3Days", [dayOf("2024-08-11"), dayOf("2024-08-12"), dayOf("2024-08-13")]],
  ["thisWeek", [dayOf("2024-08-12"), dayOf("2024-08-13"), dayOf("2024-08-14")]],
  ["lastMonday", [dayOf("2024-08-05")]],
  ["lastSunday", [dayOf("2024-08-11")]],
  ["thisMonthBegin", [dayOf("2024-08-01")]],
  ["lastMonthBegin", [dayOf("2024-07-01")]],
  ["lastMonthEnd", [dayOf("2024-07-31")]],
])("%s", (dateValue, expected) => {
  expect(say(dateValue)).toEqual(expected);
});

test("weeks and months have all their days", () => {
  expect(say("lastWeek")).toHaveLength(7);
  expect(say("lastWeek")?.[0]).toBe(dayOf("2024-08-05"));
  expect(say("last7Days")).toHaveLength(7);
  expect(say("thisMonth")).toHaveLength(14);
  expect(say("lastMonth")).toHaveLength(31);
  expect(say("lastMonth", Date.parse("2024-03-31T00:00:00Z"))).toHaveLength(29);
});

test("a week begins on Monday, also seen from one and from a Sunday", () => {
  expect(say("thisWeek", Date.parse("2024-08-12T00:00:00Z"))).toEqual([dayOf("2024-08-12")]);
  expect(say("thisWeek", Date.parse("2024-08-18T23:59:59Z"))).toHaveLength(7);
});

test("a word that is none has no windows", () => {
  expect(say("lastEaster")).toBeUndefined();
  expect(say("last0Days")).toBeUndefined();
});
