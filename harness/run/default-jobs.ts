import { availableParallelism } from "node:os";

/** Cases mostly wait, for session time-outs above all; fewer than two at a time would waste any machine. */
export function defaultJobs(): number {
  return Math.max(2, availableParallelism());
}
