import { pointerTo } from "../../base/index.ts";
import type { Json } from "../../case/resolved-case.ts";
import type { HistoryEvent } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import { describeEvent } from "../describe-event.ts";
import type { Finding } from "../finding.ts";
import { groupBy } from "../group-by.ts";
import { matchesEvent } from "../match-event.ts";
import { isList, isMap, mismatchOf, show, splitRest, textOf } from "../matchers.ts";
import { expectationFinding, type Section } from "../section.ts";

const EVENTS_SHOWN = 12;

/** The patterns are met in this order, with anything in between. */
export const judgeHistory: Section = (value, pointer, context) => {
  const { history } = context.facts.evidence;
  let from = 0;
  for (const [index, pattern] of itemsOf(value).entries()) {
    const at = history.findIndex((event, here) => here >= from && matchesEvent(pattern, event, context));
    if (at >= 0) {
      from = at + 1;
      continue;
    }
    const earlier = history.filter((event) => matchesEvent(pattern, event, context));
    const instead = earlier.length > 0 ? "it came only before that" : "it did not come";
    const after = index === 0 ? "" : ` after the ${index} before it`;
    const message = `history: expected ${show(pattern)}${after}; ${instead}`;
    return [expectationFinding("history", pointerTo(pointer, index), message, showEvents(earlier, context))];
  }
  return [];
};

/** None of the patterns is met, not once. */
export const judgeNever: Section = (value, pointer, context) =>
  itemsOf(value).flatMap((pattern, index): readonly Finding[] => {
    const seen = context.facts.evidence.history.filter((event) => matchesEvent(pattern, event, context));
    if (seen.length === 0) return [];
    const message = `never: ${show(pattern)} came ${seen.length === 1 ? "once" : `${seen.length} times`}`;
    return [expectationFinding("never", pointerTo(pointer, index), message, showEvents(seen, context))];
  });

/** The patterns are met so often; with `per` so often for each instance, task or node of which there is one. */
export const judgeCounts: Section = (value, pointer, context) =>
  itemsOf(value).flatMap((pattern, index): readonly Finding[] => {
    const seen = context.facts.evidence.history.filter((event) => matchesEvent(pattern, event, context));
    const { count, per } = isMap(pattern) ? pattern : {};
    const groups = [...groupBy(seen, (event) => groupOf(event, per, context))];
    const all = groups.length === 0 ? [["all", []] as const] : groups;
    return all.flatMap(([group, events]): readonly Finding[] => {
      const found = mismatchOf(count ?? 1, events.length, context.scope);
      if (found === undefined) return [];
      const which = per === undefined ? "" : ` of ${group}`;
      const message = `counts: expected ${found.expected} of ${show(pattern)}${which}, found ${events.length}`;
      return [expectationFinding("counts", pointerTo(pointer, index), message, showEvents(events, context))];
    });
  });

function itemsOf(value: Json): readonly Json[] {
  return isList(value) ? splitRest(value).items : [];
}

function groupOf(event: HistoryEvent, per: Json | undefined, { facts }: JudgeContext): string {
  const id = "workflowInstanceId" in event ? event.workflowInstanceId : undefined;
  const instance = id === undefined ? "no instance" : (facts.instanceById(id)?.name ?? `instance ${id}`);
  switch (textOf(per)) {
    case "instance":
      return instance;
    case "task":
      return "taskName" in event ? `${instance}.${event.taskName}` : "no task";
    case "node":
      return event.source === "node" ? event.nodeName : event.source;
    default:
      return "all";
  }
}

function showEvents(events: readonly HistoryEvent[], context: JudgeContext): readonly string[] {
  return events.slice(-EVENTS_SHOWN).map((event) => describeEvent(event, context.facts));
}
