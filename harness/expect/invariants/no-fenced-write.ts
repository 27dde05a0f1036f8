import { describeEvent } from "../describe-event.ts";
import { type Facts, numberIn } from "../facts.ts";
import { groupBy } from "../group-by.ts";
import type { Breach, Invariant } from "./invariant.ts";
import { isThawing, TELLING_MS } from "./lives.ts";

/**
 * Nobody writes under an epoch that somebody else has superseded, and nobody claims after he was fenced. A process may
 * tell late what it did in time, so an event proves a breach only when it comes well after; what a row says proves it
 * without a doubt. Source: OWNERSHIP, FENCED-SILENT.
 */
export const noFencedWrite: Invariant = {
  name: "no-fenced-write",
  rule: "a former owner writes nothing",
  check: (facts) => [...staleRows(facts), ...staleEvents(facts), ...claimsAfterFence(facts)],
};

/** A row whose last write is of an older epoch than one that had written it already. */
function staleRows(facts: Facts): readonly Breach[] {
  const attempts = facts.instances.flatMap((instance) =>
    instance.attempts.map((attempt) => ({ instance, attempt })),
  );
  return attempts.flatMap(({ instance, attempt }): readonly Breach[] => {
    const written = facts
      .eventsOf(instance.id, "task.state")
      .filter((event) => event.taskInstanceId === attempt.id);
    const highest = written.reduce((most, event) => Math.max(most, event.epoch), 0);
    const now = numberIn(attempt.row, "written_epoch");
    // Zero: a row that was put there by hand, or by somebody who knows no epochs.
    if (now === 0 || now >= highest) return [];
    return [
      {
        message:
          `${instance.name}.${attempt.task}, attempt ${attempt.id}: ` +
          `last written under epoch ${now}, after epoch ${highest} had written it`,
        details: written.map((event) => describeEvent(event, facts)),
      },
    ];
  });
}

function staleEvents(facts: Facts): readonly Breach[] {
  const owners = groupBy(facts.events("workflow.owner"), ({ workflowInstanceId }) => workflowInstanceId);
  const writes = [
    ...facts.events("task.state"),
    ...facts.events("workflow.state"),
    ...facts.events("task.dispatched"),
  ];
  return writes.flatMap((write): readonly Breach[] => {
    const superseded = owners
      .get(write.workflowInstanceId)
      ?.find((event) => event.epoch > write.epoch && event.atMs + TELLING_MS < write.atMs);
    const isLate = isThawing(facts.lifeOf(write.incarnation), write.atMs);
    if (superseded === undefined || superseded.incarnation === write.incarnation || isLate) return [];
    return [
      {
        message:
          `${write.nodeName} wrote under epoch ${write.epoch} of instance ${write.workflowInstanceId} ` +
          `after epoch ${superseded.epoch} had begun`,
        details: [describeEvent(superseded, facts), describeEvent(write, facts)],
      },
    ];
  });
}

function claimsAfterFence(facts: Facts): readonly Breach[] {
  return facts.events("failover.started").flatMap((fence) =>
    facts
      .events("command.claimed")
      .filter(
        (claim) =>
          claim.incarnation === fence.ofIncarnation &&
          claim.atMs > fence.atMs + TELLING_MS &&
          !isThawing(facts.lifeOf(claim.incarnation), claim.atMs),
      )
      .map((claim) => ({
        message: `${claim.nodeName} claimed a command after it had been fenced`,
        details: [describeEvent(fence, facts), describeEvent(claim, facts)],
      })),
  );
}
