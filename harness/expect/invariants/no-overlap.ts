import { describeStart } from "../sections/runs.ts";
import type { Invariant } from "./invariant.ts";

/**
 * Two runs of the same task are never alive at the same time: each run looks for the others when it starts, and writes
 * down whom it met. Source: dolphinscheduler.md 12.7; ONE-LIVE of OWNERSHIP.
 */
export const noOverlap: Invariant = {
  name: "no-overlap",
  rule: "two runs of a task are never alive at once",
  check: (facts) => {
    const { starts } = facts.evidence.snapshot;
    return starts
      .filter(({ overlaps }) => overlaps.length > 0)
      .map((start) => {
        const others = starts.filter(
          (other) =>
            other.workflow === start.workflow &&
            other.task === start.task &&
            other.workflowInstanceId === start.workflowInstanceId &&
            start.overlaps.includes(other.run),
        );
        return {
          message:
            `${start.workflow}.${start.task}: run ${start.run} started while run ${start.overlaps.join(", ")} ` +
            `of instance ${start.workflowInstanceId} was alive`,
          details: [start, ...others].map((one) => describeStart(one, facts)),
        };
      });
  },
};
