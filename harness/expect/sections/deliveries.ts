import type { Json } from "../../case/resolved-case.ts";
import type { DeliveryRecord } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import type { Facts } from "../facts.ts";
import { isMatcher, mismatchOf } from "../matchers.ts";
import { checkRowSet } from "../row-set.ts";
import type { Section } from "../section.ts";
import { compareFields, type FieldReading } from "./compare-fields.ts";

/**
 * Exactly these arrived at the harness: by alert, then by the channels of the group in the order of the case, then by
 * time. Channels are independent of each other, so the order of the case's rows does not matter.
 */
export const judgeDeliveries: Section = (value, pointer, context) => {
  const set = {
    code: "deliveries",
    pointer,
    noun: "delivery",
    rows: inOrder(context.facts),
    compare: (item: Json, delivery: DeliveryRecord, within: JudgeContext) =>
      compareFields(item, readingOf(delivery, within), within),
    describe: ({ group, channel, title, body }: DeliveryRecord) => `${group}/${channel} "${title}": ${body}`,
  };
  const findings = checkRowSet(value, set, context);
  if (findings.length === 0 || !Array.isArray(value) || isMatcher(value)) return findings;
  return checkRowSet({ $unordered: [...value] }, set, context).length === 0 ? [] : findings;
};

/** A body is text, also when it holds JSON. */
function readingOf(delivery: DeliveryRecord, { scope }: JudgeContext): FieldReading {
  const special = { body: (expected: Json) => mismatchOf(expected, delivery.body, scope) };
  return { table: "deliveries", row: { ...delivery }, special };
}

const ALERT_KEY = /^alert-(\d+)-/;

function inOrder({ evidence }: Facts): readonly DeliveryRecord[] {
  const { alertGroups } = evidence.case.database;
  const rank = ({ key, group, channel, atMs }: DeliveryRecord): readonly number[] => [
    Number(ALERT_KEY.exec(key)?.[1] ?? 0),
    alertGroups[group]?.indexOf(channel) ?? -1,
    atMs,
  ];
  return [...(evidence.snapshot.deliveries ?? [])].sort((one, other) => {
    const [left, right] = [rank(one), rank(other)];
    const at = left.findIndex((part, index) => part !== right[index]);
    return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
  });
}
