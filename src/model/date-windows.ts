/** From the first instant to the last, both included. Wall clock, milliseconds. */
export interface DateWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const startOfDay = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

/** Weeks begin on Monday; the first day of the epoch was a Thursday. */
function startOfWeek(atMs: number): number {
  const day = Math.floor(atMs / DAY_MS);
  return (day - ((((day + 3) % 7) + 7) % 7)) * DAY_MS;
}

function startOfMonth(atMs: number, monthsBefore = 0): number {
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - monthsBefore, 1);
}

const day = (startMs: number): DateWindow => ({ fromMs: startMs, toMs: startMs + DAY_MS - 1 });

/** One window per day, from the day of the first instant to that of the last. */
function days(firstMs: number, lastMs: number): readonly DateWindow[] {
  const count = Math.max(0, Math.round((startOfDay(lastMs) - startOfDay(firstMs)) / DAY_MS) + 1);
  return Array.from({ length: count }, (_, index) => day(startOfDay(firstMs) + index * DAY_MS));
}

function lastHours(atMs: number, count: number): readonly DateWindow[] {
  const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
  return Array.from({ length: count }, (_, index) => {
    const fromMs = hourMs - (count - index) * HOUR_MS;
    return { fromMs, toMs: fromMs + HOUR_MS - 1 };
  });
}

function namedWindows(dateValue: string, atMs: number): readonly DateWindow[] | undefined {
  const today = startOfDay(atMs);
  const monday = startOfWeek(atMs);
  const month = startOfMonth(atMs);
  const lastMonth = startOfMonth(atMs, 1);
  switch (dateValue) {
    case "currentHour": {
      const fromMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
      return [{ fromMs, toMs: fromMs + HOUR_MS - 1 }];
    }
    case "last24Hours":
      return [{ fromMs: atMs - DAY_MS, toMs: atMs }];
    case "today":
      return [day(today)];
    case "thisWeek":
      return days(monday, today);
    case "lastWeek":
      return days(monday - 7 * DAY_MS, monday - DAY_MS);
    case "thisMonth":
      return days(month, today);
    case "thisMonthBegin":
      return [day(month)];
    case "lastMonth":
      return days(lastMonth, month - DAY_MS);
    case "lastMonthBegin":
      return [day(lastMonth)];
    case "lastMonthEnd":
      return [day(month - DAY_MS)];
    default:
      return undefined;
  }
}

/**
 * The windows that a `dateValue` of a DEPENDENT task means, seen from an instant; what it asks for has to be there in
 * each of them. Words of DolphinScheduler (DependentUtils); days are of UTC, as all times in the database. `last3Days`
 * are the three days before today, `last2Hours` the two full hours before the present one. Undefined: no such word.
 */
export function dateWindowsOf(dateValue: string, atMs: number): readonly DateWindow[] | undefined {
  const counted = /^last([1-9]\d?)(Hour|Day)s?$/.exec(dateValue);
  if (dateValue !== "last24Hours" && counted !== null) {
    const count = Number(counted[1]);
    const today = startOfDay(atMs);
    return counted[2] === "Hour" ? lastHours(atMs, count) : days(today - count * DAY_MS, today - DAY_MS);
  }
  const weekday = WEEKDAYS.findIndex((name) => dateValue === `last${name}`);
  if (weekday >= 0) return [day(startOfWeek(atMs) + (weekday - 7) * DAY_MS)];
  return namedWindows(dateValue, atMs);
}
