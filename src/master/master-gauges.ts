import { type Figure, gauge, gaugeBy } from "../node/index.ts";
import type { MasterParts } from "./compose-master.ts";

/** What is measured of a master when somebody asks. */
export function masterGauges(parts: MasterParts): readonly Figure[] {
  const { dispatcher, membership } = parts;
  const runs = parts.runs.all();
  const states = new Map<string, number>();
  for (const state of runs.flatMap((run) => run.taskStates()))
    states.set(state, (states.get(state) ?? 0) + 1);
  const seen = (["master", "worker"] as const).map(
    (kind) => [kind, membership.members(kind).length] as const,
  );
  const busy = membership.members("worker").filter((member) => member.heartbeat?.status === "BUSY");
  return [
    gauge("failover_workflows_owned", "Workflows that this master has in its hands.", runs.length),
    gaugeBy("state", "failover_tasks", "Valid attempts of these workflows, by state.", states),
    gaugeBy(
      "group",
      "failover_dispatch_waiting",
      "Tasks that wait for a worker, by group.",
      dispatcher.waiting(),
    ),
    gaugeBy("kind", "failover_nodes_seen", "Nodes in this master's view of the registry.", seen),
    gauge("failover_workers_busy", "Workers in that view that take no new work.", busy.length),
  ];
}
