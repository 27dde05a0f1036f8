import { describeEvent } from "../describe-event.ts";
import { type Facts, numberIn, textIn } from "../facts.ts";
import type { Breach } from "./invariant.ts";

interface Holding {
  readonly workflowInstanceId: number;
  readonly epoch: number;
  readonly who: string;
}

/** Who had which epoch: as the nodes told it, and as the case seeded it. */
function holdings(facts: Facts): readonly Holding[] {
  const owners = facts
    .events("workflow.owner")
    .flatMap(({ owner, workflowInstanceId, epoch }) =>
      owner === null ? [] : [{ workflowInstanceId, epoch, who: owner }],
    );
  const claims = facts
    .events("command.claimed")
    .map(({ workflowInstanceId, epoch, incarnation }) => ({ workflowInstanceId, epoch, who: incarnation }));
  const seeded = (facts.evidence.seeded?.["t_ds_workflow_instance"] ?? []).flatMap((row) => {
    const who = textIn(row, "owner_incarnation");
    return who === ""
      ? []
      : [{ workflowInstanceId: numberIn(row, "id"), epoch: numberIn(row, "owner_epoch"), who }];
  });
  return [...owners, ...claims, ...seeded];
}

const keyOf = (of: { readonly workflowInstanceId: number; readonly epoch: number }): string =>
  `${of.workflowInstanceId}/${of.epoch}`;

/**
 * A change of owner to nobody is a change of owner: it raises the epoch, or a write of the former owner would still
 * fit the row. Read from what was told, and from the rows at the end. Source: EPOCH of OWNERSHIP.
 */
export function givenAwayWithoutEpoch(facts: Facts): readonly Breach[] {
  const had = new Map(holdings(facts).map((holding) => [keyOf(holding), holding.who]));
  const nameOf = (id: number): string => facts.instanceById(id)?.name ?? `instance ${id}`;
  const told = facts.events("workflow.owner").flatMap((event): readonly Breach[] => {
    const who = event.owner === null ? had.get(keyOf(event)) : undefined;
    if (who === undefined) return [];
    const { workflowInstanceId, epoch } = event;
    const of = nameOf(workflowInstanceId);
    const message = `${of} was given to nobody in epoch ${epoch}, which ${facts.nameOf(who)} had`;
    return [{ message, details: [describeEvent(event, facts)] }];
  });
  const atTheEnd = facts.instances.flatMap(({ id, name, row }): readonly Breach[] => {
    const epoch = numberIn(row, "owner_epoch");
    const who = had.get(keyOf({ workflowInstanceId: id, epoch }));
    if (who === undefined || textIn(row, "owner_incarnation") !== "") return [];
    return [{ message: `${name}: its row has no owner in epoch ${epoch}, which ${facts.nameOf(who)} had` }];
  });
  return [...told, ...atTheEnd];
}
