import type { HistoryEvent } from "../../observe/evidence.ts";
import { describeEvent } from "../describe-event.ts";
import type { Facts } from "../facts.ts";
import { groupBy } from "../group-by.ts";
import type { Breach, Invariant } from "./invariant.ts";

/**
 * A workflow is put aside once and claimed once per change of owner, a command is claimed once, and the failover of a
 * dead node finishes once. Source: OWNERSHIP, ONE-SWEEP and ALERT-ONCE.
 */
export const recoveredOnce: Invariant = {
  name: "recovered-once",
  rule: "each death is recovered once",
  check: (facts) => [
    ...twice(
      facts.events("workflow.state").filter(({ state }) => state === "FAILOVER"),
      (event) => `${event.workflowInstanceId}/${event.epoch}`,
      ({ workflowInstanceId, epoch }) =>
        `instance ${workflowInstanceId} was put aside twice in epoch ${epoch}`,
      facts,
    ),
    ...twice(
      facts.events("command.claimed"),
      (event) => String(event.commandId),
      ({ commandId }) => `command ${commandId} was claimed twice`,
      facts,
    ),
    ...twice(
      // Without an incarnation it is about rows that nobody owned: there may be such again.
      facts.events("failover.finished").filter(({ ofIncarnation }) => ofIncarnation !== ""),
      (event) => event.ofIncarnation,
      ({ of }) => `the failover of ${facts.nameOf(of)} finished twice`,
      facts,
    ),
  ],
};

function twice<E extends HistoryEvent>(
  events: readonly E[],
  keyOf: (event: E) => string,
  say: (event: E) => string,
  facts: Facts,
): readonly Breach[] {
  return [...groupBy(events, keyOf).values()].flatMap((group): readonly Breach[] => {
    const [first] = group;
    if (first === undefined || group.length < 2) return [];
    return [{ message: say(first), details: group.map((event) => describeEvent(event, facts)) }];
  });
}
