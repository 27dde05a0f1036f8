import type { TaskStart } from "../../observe/evidence.ts";
import { type Facts, isUnfinishedWorkflow, numberIn, textIn } from "../facts.ts";
import { groupBy } from "../group-by.ts";
import { describeStart } from "../sections/runs.ts";
import { resumingClaims } from "./claims.ts";
import type { Breach, Invariant } from "./invariant.ts";

const PARALLEL = 0;
/** Who is put aside for a failover keeps its place. */
const AT_WORK = new Set(["RUNNING_EXECUTION", "READY_PAUSE", "READY_STOP", "FAILOVER"]);

/**
 * Of a workflow with a serial execution type no two instances are at work at once, by the runs of their tasks and by
 * their rows at the end; and nobody who has finished keeps others waiting. Source: OWNERSHIP, SERIAL-DISJOINT.
 */
export const serialKept: Invariant = {
  name: "serial-kept",
  rule: "instances of a serial workflow do not run side by side",
  check: (facts) =>
    serialWorkflows(facts).flatMap((name) => [
      ...overlaps(name, facts),
      ...bothAtWork(name, facts),
      ...staleHolder(name, facts),
    ]),
};

function serialWorkflows(facts: Facts): readonly string[] {
  return facts
    .rows("t_ds_workflow_definition")
    .filter((row) => numberIn(row, "execution_type") !== PARALLEL)
    .map((row) => textIn(row, "name"));
}

function overlaps(workflow: string, facts: Facts): readonly Breach[] {
  const starts = facts.evidence.snapshot.starts.filter((start) => start.workflow === workflow);
  const spans = [...groupBy(starts, (start) => stintOf(start, facts)).values()].map(spanOf);
  return spans.flatMap((one, index) =>
    spans
      .slice(index + 1)
      .filter((other) => one.first.workflowInstanceId !== other.first.workflowInstanceId)
      .filter((other) => one.from < other.to && other.from < one.to)
      .map((other) => ({
        message:
          `instances ${one.first.workflowInstanceId} and ${other.first.workflowInstanceId} ` +
          `of ${workflow} ran side by side`,
        details: [one.first, other.first].map((start) => describeStart(start, facts)),
      })),
  );
}

/** Instance and number of its run: one that is repeated or recovered leaves the gate in between. */
function stintOf({ workflowInstanceId, startedAtMs }: TaskStart, facts: Facts): string {
  const claims = resumingClaims(workflowInstanceId, facts).filter((atMs) => atMs <= startedAtMs);
  return `${workflowInstanceId}/${claims.length}`;
}

interface Span {
  readonly first: TaskStart;
  readonly from: number;
  readonly to: number;
}

/** From its first start to the last end that is known: a run that was killed counts as its beginning. */
function spanOf(starts: readonly TaskStart[]): Span {
  const first = starts.reduce((one, other) => (other.startedAtMs < one.startedAtMs ? other : one));
  const to = Math.max(...starts.map((start) => start.finishedAtMs ?? start.startedAtMs));
  return { first, from: first.startedAtMs, to };
}

function bothAtWork(workflow: string, facts: Facts): readonly Breach[] {
  const atWork = facts.instances.filter((one) => one.workflow === workflow && AT_WORK.has(one.state));
  if (atWork.length < 2) return [];
  return [{ message: `${atWork.map(({ name }) => name).join(" and ")} are at work at once` }];
}

function staleHolder(workflow: string, facts: Facts): readonly Breach[] {
  return facts.rows("t_ds_serial_gate").flatMap((gate): readonly Breach[] => {
    const id = numberIn(gate, "holder");
    if (id === 0 || facts.workflowNameOf(gate["workflow_definition_code"]) !== workflow) return [];
    const holder = facts.instanceById(id);
    if (holder !== undefined && isUnfinishedWorkflow(holder.state)) return [];
    const what = holder === undefined ? `instance ${id}, which is gone,` : `${holder.name}, ${holder.state},`;
    return [{ message: `${what} still holds the gate of ${workflow}` }];
  });
}
