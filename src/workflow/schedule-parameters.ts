import { formatScheduleTime } from "../model/index.ts";

/** A parameter of a script. */
interface Variable {
  readonly prop: string;
  readonly value: string;
}

const DAY_MS = 86_400_000;
const digits = (atMs: number, count: number): string =>
  formatScheduleTime(atMs).replaceAll(/\D/g, "").slice(0, count);

/**
 * DolphinScheduler's built-in times of a run that is made for a date (a schedule's, a backfill's), with names that a
 * shell can have: `system.biz.date` is `system_biz_date`. UTC. Every other parameter wins over them.
 */
export function scheduleParameters(scheduleTime: number | null): readonly Variable[] {
  if (scheduleTime === null) return [];
  return [
    { prop: "FAILOVER_SCHEDULE_TIME", value: formatScheduleTime(scheduleTime) },
    { prop: "system_biz_date", value: digits(scheduleTime - DAY_MS, 8) },
    { prop: "system_biz_curdate", value: digits(scheduleTime, 8) },
    { prop: "system_datetime", value: digits(scheduleTime, 14) },
  ];
}
