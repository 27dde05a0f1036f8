import { isTaskLive, isWorkflowFinished } from "../../src/model/index.ts";
import type { PlacedAttempt, PlacedInstance } from "./allocate-ids.ts";
import { taskDefinition } from "./definition-rows.ts";
import type { SeedContext } from "./seed-context.ts";
import { type SeedRow, type TableRows, timestamp } from "./seed-row.ts";

/** Columns `status` of t_ds_task_group_queue. */
const WAIT_QUEUE = -1;
const ACQUIRE_SUCCESS = 1;

const GATES = "t_ds_serial_gate";
const QUEUE = "t_ds_task_group_queue";

/**
 * Gates and slots as the past of a case left them: the first unfinished instance of a serial workflow holds its gate,
 * live attempts hold slots of their task groups, submitted ones wait for one. A case that names one of these tables in
 * `database.tables`, if only with an empty list, has exactly those rows.
 */
export function gateRows(context: SeedContext): TableRows[] {
  const queue = isNamed(context, QUEUE) ? [] : context.ids.instances.flatMap((one) => slotRows(context, one));
  const held = new Map<unknown, number>();
  for (const { group_id, status } of queue) {
    if (status === ACQUIRE_SUCCESS) held.set(group_id, (held.get(group_id) ?? 0) + 1);
  }
  const now = timestamp(context.nowMs);
  const groups = Object.entries(context.case.database.taskGroups).map(([name, size]) => ({
    id: context.ids.taskGroupId(name),
    name,
    group_size: size,
    use_size: held.get(context.ids.taskGroupId(name)) ?? 0,
    status: 1,
    create_time: now,
    update_time: now,
  }));
  return [
    { table: "t_ds_task_group", rows: groups },
    { table: QUEUE, rows: queue },
    { table: GATES, rows: isNamed(context, GATES) ? [] : serialGateRows(context) },
  ];
}

function isNamed(context: SeedContext, table: string): boolean {
  return context.case.database.tables[table] !== undefined;
}

function isSerial(context: SeedContext, workflow: string): boolean {
  const definition = context.case.database.workflows.find(({ name }) => name === workflow);
  return definition !== undefined && definition.executionType !== "PARALLEL";
}

/** Place in front of the gate: the order of ids, as if they had come so. Null: it does not wait, or nobody noted it. */
export function ticketOf(context: SeedContext, { seed, id }: PlacedInstance): number | null {
  const waits = seed.state === "SERIAL_WAIT" && isSerial(context, seed.workflow);
  return waits && !isNamed(context, GATES) ? id : null;
}

function serialGateRows(context: SeedContext): SeedRow[] {
  const unfinished = context.ids.instances.filter(
    ({ seed }) => isSerial(context, seed.workflow) && !isWorkflowFinished(seed.state),
  );
  return [...new Set(unfinished.map(({ seed }) => seed.workflow))].map((workflow) => {
    const members = unfinished.filter(({ seed }) => seed.workflow === workflow);
    const waiting = members.filter(({ seed }) => seed.state === "SERIAL_WAIT");
    const holder = members.find(({ seed }) => seed.state !== "SERIAL_WAIT");
    return {
      workflow_definition_code: context.ids.workflowCode(workflow),
      holder: holder?.id ?? null,
      last_ticket: Math.max(0, ...waiting.map(({ id }) => id)),
    };
  });
}

function slotRows(context: SeedContext, instance: PlacedInstance): SeedRow[] {
  if (isWorkflowFinished(instance.seed.state)) return [];
  return instance.attempts.flatMap((attempt) => slotRow(context, instance, attempt));
}

function slotRow(context: SeedContext, instance: PlacedInstance, attempt: PlacedAttempt): SeedRow[] {
  const { seed, task } = attempt;
  const { taskGroup, taskGroupPriority } = taskDefinition(context, instance.seed.workflow, task);
  const waits = seed.state === "SUBMITTED_SUCCESS";
  if (taskGroup === undefined || seed.flag !== "YES" || !(waits || isTaskLive(seed.state))) return [];
  const now = timestamp(context.nowMs);
  return [
    {
      task_id: attempt.id,
      task_name: task,
      group_id: context.ids.taskGroupId(taskGroup),
      workflow_instance_id: instance.id,
      priority: taskGroupPriority,
      status: waits ? WAIT_QUEUE : ACQUIRE_SUCCESS,
      force_start: 0,
      in_queue: 1,
      create_time: now,
      update_time: now,
    },
  ];
}
