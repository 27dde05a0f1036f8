import { describeEvent } from "../describe-event.ts";
import { type Facts, isUnfinishedWorkflow, numberIn, textIn } from "../facts.ts";
import type { Breach, Invariant } from "./invariant.ts";

const STOP_OR_PAUSE = new Set(["stop", "pause", "STOP", "PAUSE"]);

/**
 * An operator's order that was accepted is stored, and at the end it is applied or moot: whoever dies in between.
 * Source: OWNERSHIP, INTENT-KEPT.
 */
export const ordersKept: Invariant = {
  name: "orders-kept",
  rule: "an accepted order is carried out or moot",
  check: (facts) => [...openIntents(facts), ...lostOrders(facts)],
};

function openIntents(facts: Facts): readonly Breach[] {
  return facts
    .rows("t_ds_workflow_intent")
    .filter((row) => textIn(row, "outcome") === "OPEN")
    .flatMap((row): readonly Breach[] => {
      const instance = facts.instanceById(numberIn(row, "workflow_instance_id"));
      // One that still runs has time: whether it may still run is another question.
      if (instance === undefined || isUnfinishedWorkflow(instance.state)) return [];
      const order = `the order ${textIn(row, "kind")} ${textIn(row, "request_id")}`;
      return [{ message: `${order} is still open although ${instance.name} has ended as ${instance.state}` }];
    });
}

function lostOrders(facts: Facts): readonly Breach[] {
  const stored = new Set(facts.rows("t_ds_workflow_intent").map((row) => textIn(row, "request_id")));
  return facts
    .events("operator.accepted")
    .filter((event) => STOP_OR_PAUSE.has(event.request) && !stored.has(event.requestId))
    .map((event) => ({
      message: `the order ${event.request} ${event.requestId} was accepted and is stored nowhere`,
      details: [describeEvent(event, facts)],
    }));
}
