import { describeEvent } from "../describe-event.ts";
import { type Facts, numberIn } from "../facts.ts";
import { groupBy } from "../group-by.ts";
import { givenAwayWithoutEpoch } from "./given-to-nobody.ts";
import type { Breach, Invariant } from "./invariant.ts";

/**
 * A workflow has one owner per epoch, and the epoch on the row is the highest that anybody was given. Emission order
 * says nothing (a frozen process tells late), epochs do. Source: dolphinscheduler.md 12.9; EPOCH of OWNERSHIP.
 */
export const oneOwner: Invariant = {
  name: "one-owner",
  rule: "one owner per workflow and epoch, every change raises the epoch, and it only rises",
  check: (facts) => [...twoOwners(facts), ...fallenEpochs(facts), ...givenAwayWithoutEpoch(facts)],
};

function ownerships(facts: Facts) {
  const owners = facts
    .events("workflow.owner")
    .flatMap((event) => (event.owner === null ? [] : [{ event, owner: event.owner }]));
  const claims = facts.events("command.claimed").map((event) => ({ event, owner: event.incarnation }));
  return [...owners, ...claims];
}

function twoOwners(facts: Facts): readonly Breach[] {
  const byEpoch = groupBy(ownerships(facts), ({ event }) => `${event.workflowInstanceId}/${event.epoch}`);
  return [...byEpoch.values()].flatMap((group): readonly Breach[] => {
    const owners = new Set(group.map(({ owner }) => owner));
    const first = group[0]?.event;
    if (owners.size < 2 || first === undefined) return [];
    const names = [...owners].map((owner) => facts.nameOf(owner)).join(" and ");
    return [
      {
        message: `${nameOf(first.workflowInstanceId, facts)} had two owners in epoch ${first.epoch}: ${names}`,
        details: group.map(({ event }) => describeEvent(event, facts)),
      },
    ];
  });
}

function fallenEpochs(facts: Facts): readonly Breach[] {
  const byInstance = groupBy(ownerships(facts), ({ event }) => event.workflowInstanceId);
  return facts.instances.flatMap((instance): readonly Breach[] => {
    const told = byInstance.get(instance.id) ?? [];
    const highest = Math.max(0, ...told.map(({ event }) => event.epoch));
    const now = numberIn(instance.row, "owner_epoch");
    if (highest <= now) return [];
    return [
      { message: `${instance.name}: its row says epoch ${now}, but epoch ${highest} had been given out` },
    ];
  });
}

function nameOf(instanceId: number, facts: Facts): string {
  return facts.instanceById(instanceId)?.name ?? `instance ${instanceId}`;
}
