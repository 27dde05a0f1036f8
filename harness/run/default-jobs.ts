import { availableParallelism } from "node:os";

/**
 * Two cases for each core: they mostly wait, for session time-outs above all. On two cores the suite of 148 took 238 s
 * with two at a time, 137 s with four and 121 s with six; beyond that the cores are what a case waits for, and sessions
 * of one second begin to suffer.
 */
export function defaultJobs(): number {
  return Math.max(2, 2 * availableParallelism());
}
