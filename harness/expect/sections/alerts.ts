import { parseInstanceRef } from "../../case/index.ts";
import type { Json } from "../../case/resolved-case.ts";
import type { Row } from "../../observe/evidence.ts";
import type { JudgeContext } from "../context.ts";
import { type Facts, numberIn, textIn } from "../facts.ts";
import { isMatcher, type Mismatch, mismatchOf, show, textOf } from "../matchers.ts";
import { checkRowSet } from "../row-set.ts";
import type { Section } from "../section.ts";
import { matchesNode, mentions } from "../selectors.ts";
import { wordIn } from "../words.ts";
import { compareFields } from "./compare-fields.ts";

const TABLE = "t_ds_alert";

/** Exactly these alerts are stored, in id order. `of`: the node that it is about. */
export const judgeAlerts: Section = (value, pointer, context) =>
  checkRowSet(
    value,
    {
      code: "alerts",
      pointer,
      noun: "alert",
      rows: context.facts.rows(TABLE),
      compare: (item, row) => compareAlert(item, row, context),
      describe: describeAlert,
    },
    context,
  );

function compareAlert(item: Json, row: Row, context: JudgeContext): Mismatch | undefined {
  const { facts, scope } = context;
  return compareFields(
    item,
    {
      table: TABLE,
      row,
      columns: { type: "alert_type", status: "alert_status" },
      special: {
        of: (expected) => {
          const about = nodeOf(row, facts);
          if (matchesNode(expected, about, context) || isOneOfSeveral(expected, row, context))
            return undefined;
          const actual = about.address === null ? "no node" : facts.nameOf(about.address);
          return { path: [], expected: show(expected), actual };
        },
        instance: (expected) => {
          const name = facts.instanceById(numberIn(row, "workflow_instance_id"))?.name ?? null;
          if (isMatcher(expected) || expected === null) return mismatchOf(expected, name, scope);
          const ref = parseInstanceRef(textOf(expected));
          const isMeant = ref !== undefined && facts.instancesOf(ref).some((one) => one.name === name);
          return isMeant ? undefined : { path: [], expected: show(expected), actual: show(name) };
        },
      },
    },
    context,
  );
}

/** An alert of a sweep over rows without an owner is about several hosts, and has no incarnation. */
function isOneOfSeveral(expected: Json, row: Row, context: JudgeContext): boolean {
  const title = textIn(row, "title");
  const named = context.facts.evidence.nodes.filter(({ address }) => mentions(title, address));
  return title.includes(",") && named.some(({ address }) => matchesNode(expected, { address }, context));
}

/** The event that stored it knows the node; of an alert whose event is lost, its own text does. */
function nodeOf(row: Row, facts: Facts): { readonly address: string | null; readonly incarnation?: string } {
  const text = `${textIn(row, "dedupe_key")} ${textIn(row, "title")} ${textIn(row, "content")}`;
  const life = facts.evidence.nodes
    .flatMap((node) => node.lives.map((one) => ({ address: node.address, incarnation: one.incarnation })))
    .find(({ incarnation }) => incarnation !== "" && text.includes(incarnation));
  if (life !== undefined) return life;
  const stored = facts.events("alert.stored").find(({ alertId }) => alertId === numberIn(row, "id"))?.of;
  if (stored !== undefined) return { address: stored };
  return { address: facts.evidence.nodes.find(({ address }) => mentions(text, address))?.address ?? null };
}

function describeAlert(row: Row): string {
  const type = wordIn(TABLE, "alert_type", row["alert_type"]);
  const status = wordIn(TABLE, "alert_status", row["alert_status"]);
  return `alert ${numberIn(row, "id")} ${type} ${status} "${textIn(row, "title")}": ${textIn(row, "content")}`;
}
