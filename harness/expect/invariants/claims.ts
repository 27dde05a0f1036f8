import type { CommandType } from "../../../src/model/index.ts";
import { type Facts, type InstanceFact, numberIn, textIn } from "../facts.ts";
import { graphOf } from "../graph.ts";
import { wordIn } from "../words.ts";

/** Commands by which an operator has work done again that had been done. */
const RERUNS: ReadonlySet<string> = new Set<CommandType>([
  "REPEAT_RUNNING",
  "EXECUTE_TASK",
  "START_CURRENT_TASK_PROCESS",
]);
/** Commands by which an instance that had ended goes on. */
const RESUMES: ReadonlySet<string> = new Set<CommandType>([
  ...(["REPEAT_RUNNING", "EXECUTE_TASK", "START_CURRENT_TASK_PROCESS"] as const),
  "RECOVER_SUSPENDED_PROCESS",
  "START_FAILURE_TASK_PROCESS",
  "RECOVER_SERIAL_WAIT",
]);

/** The orders that become such commands. */
const RESUMING_ORDERS: ReadonlySet<string> = new Set(["repeat", "recoverFailed", "recoverSuspended"]);

/** Whether an operator asked for this instance to be done again, from the claims and from what the rows still say. */
export function mayRerun(instance: InstanceFact, facts: Facts): boolean {
  return wasClaimedFor(instance, RERUNS, facts);
}

/** Whether an operator asked for this instance to go on after its end. */
export function mayResume(instance: InstanceFact, facts: Facts): boolean {
  return wasClaimedFor(instance, RESUMES, facts) || resumingClaims(instance.id, facts).length > 0;
}

function wasClaimedFor(instance: InstanceFact, types: ReadonlySet<string>, facts: Facts): boolean {
  const ofRow = String(wordIn("t_ds_workflow_instance", "command_type", instance.row["command_type"]));
  const history = textIn(instance.row, "history_cmd").split(",");
  return (
    types.has(ofRow) ||
    history.some((word) => types.has(word.trim())) ||
    facts.eventsOf(instance.id, "command.claimed").some((event) => types.has(event.commandType)) ||
    (types.has("REPEAT_RUNNING") &&
      facts.eventsOf(instance.id, "operator.accepted").some(({ request }) => request === "repeat")) ||
    commandsOf(instance.id, facts).some((type) => types.has(type))
  );
}

/**
 * A recovery runs a task again whose failure CONDITIONS had taken up; then those, and what hangs on them, are decided
 * again.
 */
export function isDecidedAgain(instance: InstanceFact, task: string, facts: Facts): boolean {
  if (!mayResume(instance, facts)) return false;
  const { edges, types } = graphOf(instance.workflow, facts);
  const before = new Set([task]);
  for (const name of before) for (const { from, to } of edges) if (to === name) before.add(from);
  return [...before].some((name) => types.get(name) === "CONDITIONS");
}

/**
 * When it was claimed to go on after an end, or an operator's order to do so was accepted: a claim whose COMMIT was not
 * answered is found later by its owner, and told by nobody.
 */
export function resumingClaims(instanceId: number, facts: Facts): readonly number[] {
  const claims = facts
    .eventsOf(instanceId, "command.claimed")
    .filter((event) => RESUMES.has(event.commandType));
  const orders = facts
    .eventsOf(instanceId, "operator.accepted")
    .filter((event) => RESUMING_ORDERS.has(event.request));
  return [...claims, ...orders].map(({ atMs }) => atMs).sort((one, other) => one - other);
}

/** Types of the commands that were seeded for it: their claim may have been lost with the process that made it. */
function commandsOf(instanceId: number, facts: Facts): readonly string[] {
  return (facts.evidence.seeded?.["t_ds_command"] ?? [])
    .filter((row) => numberIn(row, "workflow_instance_id") === instanceId)
    .map((row) => String(wordIn("t_ds_command", "command_type", row["command_type"])));
}
