import {
  type CommandType,
  FLAG_CODES,
  isTaskFinished,
  isTaskLive,
  isTaskWaiting,
  isWorkflowFinished,
  PRIORITY_CODES,
  TASK_DEPEND_TYPE_CODES,
  TASK_STATE_CODES,
  WORKFLOW_STATE_CODES,
} from "../../src/model/index.ts";
import type { AttemptSeed, InstanceSeed } from "../case/resolved-case.ts";
import type { PlacedAttempt, PlacedInstance } from "./allocate-ids.ts";
import { PROJECT_CODE, propertyList, taskDefinition, taskType } from "./definition-rows.ts";
import { ticketOf } from "./gate-rows.ts";
import { hostOf, milliseconds, minutes, type PastLife, type SeedContext } from "./seed-context.ts";
import { rowOf, type SeedRow, type TableRows, timestamp } from "./seed-row.ts";
import { taskParams } from "./task-params.ts";

/** Without another word an instance began a minute ago: long enough for anything that it contains. */
const DEFAULT_AGE_MS = 60_000;
/** The epoch of a workflow that had one owner. */
const FIRST_EPOCH = 1;

/** Rows of seeded workflow instances, their attempts and the parents of sub-workflows. */
export function instanceRows(context: SeedContext): TableRows[] {
  const { instances } = context.ids;
  return [
    { table: "t_ds_workflow_instance", rows: instances.map((placed) => instanceRow(context, placed)) },
    {
      table: "t_ds_task_instance",
      rows: instances.flatMap((placed) =>
        placed.attempts.map((attempt) => attemptRow(context, placed, attempt)),
      ),
    },
    { table: "t_ds_relation_workflow_instance", rows: parentRows(context) },
  ];
}

/** Wall clock of the start of an instance: as written, else a minute ago or as old as its oldest attempt. */
function startedAt(context: SeedContext, seed: InstanceSeed): number {
  if (seed.startedAgo !== undefined) return context.nowMs - milliseconds(context, seed.startedAgo);
  const ages = seed.tasks.flatMap(({ attempts }) =>
    attempts.flatMap((attempt) =>
      [attempt.firstSubmittedAgo, attempt.submittedAgo, attempt.startedAgo, attempt.endedAgo].flatMap(
        (ago) => (ago === undefined ? [] : [milliseconds(context, ago)]),
      ),
    ),
  );
  return context.nowMs - Math.max(DEFAULT_AGE_MS, ...ages);
}

/** The dead node that owned it. Finished workflows and those that wait for a claim belong to nobody. */
function formerOwner(context: SeedContext, seed: InstanceSeed): PastLife | undefined {
  const isNobodys =
    seed.state === "FAILOVER" || seed.state === "SERIAL_WAIT" || isWorkflowFinished(seed.state);
  if (seed.host === null || isNobodys) return undefined;
  const life = context.past[seed.host];
  return life?.kind === "master" ? life : undefined;
}

/** Changes of owner so far: being put aside for a failover is one too. */
function epochOf(context: SeedContext, seed: InstanceSeed): number {
  if (seed.state === "FAILOVER") return FIRST_EPOCH + 1;
  return formerOwner(context, seed) === undefined ? 0 : FIRST_EPOCH;
}

function instanceRow(context: SeedContext, { seed, id }: PlacedInstance): SeedRow {
  const started = startedAt(context, seed);
  const restarted =
    seed.restartedAgo === undefined ? started : context.nowMs - milliseconds(context, seed.restartedAgo);
  const failover = context.case.database.commands.find(
    ({ command }) => command.kind === "failover" && context.ids.instanceId(command.instance) === id,
  );
  const was = failover?.command.kind === "failover" ? WORKFLOW_STATE_CODES[failover.command.was] : null;
  return {
    ...instanceFrame(context, { id, workflow: seed.workflow, params: seed.params, commandType: 0 }),
    state: WORKFLOW_STATE_CODES[seed.state],
    host: hostOf(context, seed.host),
    run_times: seed.runTimes,
    start_time: timestamp(started),
    restart_time: timestamp(restarted),
    command_start_time: timestamp(started),
    end_time: isWorkflowFinished(seed.state) ? timestamp(Math.max(started, context.nowMs - 1000)) : null,
    is_sub_workflow: isChild(context, seed, id) ? 1 : 0,
    owner_incarnation: formerOwner(context, seed)?.incarnation ?? null,
    owner_epoch: epochOf(context, seed),
    pre_failover_state: was,
    serial_ticket: ticketOf(context, { seed, id, attempts: [] }),
    ...rowOf("t_ds_workflow_instance", seed.columns, context.addresses),
  };
}

/** Said by itself (`parent`), or by the attempt that stands for it (`child`). */
function isChild(context: SeedContext, seed: InstanceSeed, id: number): boolean {
  return seed.parent !== undefined || parentRows(context).some((row) => row.workflow_instance_id === id);
}

/** The sub-workflow that an attempt stands for: as it says, or as its newest child says of the newest attempt. */
function childOf(context: SeedContext, instance: PlacedInstance, attempt: PlacedAttempt): number | undefined {
  if (attempt.seed.child !== undefined) return context.ids.instanceId(attempt.seed.child);
  const newest = instance.attempts.filter(({ task }) => task === attempt.task).at(-1);
  if (newest !== attempt) return undefined;
  return context.ids.instances.findLast(
    ({ seed }) => seed.parent?.task === attempt.task && context.ids.instanceId(seed.parent) === instance.id,
  )?.id;
}

interface FrameOptions {
  readonly id: number;
  readonly workflow: string;
  readonly params: Readonly<Record<string, string>>;
  readonly commandType: number;
}

/** The columns that every workflow instance has, however it came to be. */
export function instanceFrame(context: SeedContext, options: FrameOptions): SeedRow {
  const definition = context.case.database.workflows.find(({ name }) => name === options.workflow);
  return {
    id: options.id,
    name: `${options.workflow}-${options.id}`,
    workflow_definition_code: context.ids.workflowCode(options.workflow),
    workflow_definition_version: 1,
    project_code: PROJECT_CODE,
    recovery: 0,
    command_type: options.commandType,
    command_param: commandParam(options.params, []),
    task_depend_type: TASK_DEPEND_TYPE_CODES.TASK_POST,
    workflow_instance_priority: PRIORITY_CODES.MEDIUM,
    worker_group: "default",
    global_params: JSON.stringify(propertyList({ ...definition?.params, ...options.params })),
    var_pool: "[]",
    executor_id: 1,
    history_cmd: "START_PROCESS",
    dry_run: 0,
    update_time: timestamp(context.nowMs),
  };
}

/** Column `command_param` of a start. */
export function commandParam(
  params: Readonly<Record<string, string>>,
  startNodes: readonly number[],
): string {
  return JSON.stringify({
    commandType: "START_PROCESS" satisfies CommandType,
    startNodes,
    commandParams: propertyList(params),
    timeZone: "UTC",
  });
}

interface AttemptTimes {
  readonly firstSubmitted: number;
  readonly submitted: number;
  readonly started: number | undefined;
  readonly ended: number | undefined;
}

/** The times as written, the others filled to fit: never an end before a start, a start before a submission. */
function attemptTimes(context: SeedContext, instanceStart: number, seed: AttemptSeed): AttemptTimes {
  const at = (ago: AttemptSeed["endedAgo"]): number | undefined =>
    ago === undefined ? undefined : context.nowMs - milliseconds(context, ago);
  const written = [at(seed.firstSubmittedAgo), at(seed.submittedAgo), at(seed.startedAgo), at(seed.endedAgo)];
  const [first, submit, start, end] = written;
  // A task that is still being delayed was submitted just now, or its delay would be over.
  const earliest = seed.state === "DELAY_EXECUTION" ? context.nowMs : instanceStart;
  const firstSubmitted = first ?? submit ?? start ?? end ?? earliest;
  const submitted = submit ?? Math.min(start ?? end ?? firstSubmitted, end ?? Infinity);
  const ran = seed.state !== "DISPATCH" && seed.state !== "PAUSE" && !isTaskWaiting(seed.state);
  const started = start ?? (ran ? submitted : undefined);
  const ended = end ?? (isTaskFinished(seed.state) ? (started ?? submitted) : undefined);
  return { firstSubmitted, submitted, started, ended };
}

function attemptRow(context: SeedContext, instance: PlacedInstance, attempt: PlacedAttempt): SeedRow {
  const { seed, task } = attempt;
  const { workflow } = instance.seed;
  const definition = taskDefinition(context, workflow, task);
  const workflowDefinition = context.case.database.workflows.find(({ name }) => name === workflow);
  const times = attemptTimes(context, startedAt(context, instance.seed), seed);
  const life = seed.host === null ? undefined : context.past[seed.host];
  const child = childOf(context, instance, attempt);
  const at = (time: number | undefined): string | null => (time === undefined ? null : timestamp(time));
  return {
    id: attempt.id,
    name: task,
    task_type: taskType(definition),
    task_code: context.ids.taskCode(workflow, task),
    task_definition_version: 1,
    workflow_instance_id: instance.id,
    workflow_instance_name: `${workflow}-${instance.id}`,
    project_code: PROJECT_CODE,
    state: TASK_STATE_CODES[seed.state],
    flag: FLAG_CODES[seed.flag],
    host: hostOf(context, seed.host),
    first_submit_time: at(times.firstSubmitted),
    submit_time: at(times.submitted),
    start_time: at(times.started),
    end_time: at(times.ended),
    retry_times: seed.retryTimes,
    max_retry_times: definition.retries,
    retry_interval: minutes(context, definition.retryInterval),
    delay_time: minutes(context, definition.delay),
    task_instance_priority: PRIORITY_CODES[definition.priority],
    worker_group: definition.workerGroup,
    environment_code:
      definition.environment === undefined ? -1 : context.ids.environmentCode(definition.environment),
    environment_config:
      definition.environment === undefined
        ? null
        : (context.case.database.environments[definition.environment] ?? null),
    executor_id: 1,
    task_params:
      workflowDefinition === undefined ? null : taskParams(context, workflowDefinition, definition),
    var_pool: JSON.stringify(outList(seed.out)),
    app_link: child === undefined ? null : JSON.stringify({ subWorkflowInstanceId: child }),
    sub_workflow_instance_id: child ?? null,
    task_group_id: definition.taskGroup === undefined ? null : context.ids.taskGroupId(definition.taskGroup),
    worker_incarnation: life !== undefined && isTaskLive(seed.state) ? life.incarnation : null,
    // A row that was never handed out, or was handed out once.
    dispatch_no: isTaskWaiting(seed.state) ? 0 : 1,
    written_epoch: epochOf(context, instance.seed),
    ...rowOf("t_ds_task_instance", seed.columns, context.addresses),
  };
}

function outList(out: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(out).map(([prop, value]) => ({ prop, direct: "OUT", type: "VARCHAR", value }));
}

/** Who is whose sub-workflow: said by the child (`parent`) or by the parent's attempt (`child`). */
function parentRows(context: SeedContext): SeedRow[] {
  const { instances } = context.ids;
  const rows = new Map<string, SeedRow>();
  const add = (parent: number, attempt: number, child: number): void => {
    rows.set(`${parent} ${child}`, {
      parent_workflow_instance_id: parent,
      parent_task_instance_id: attempt,
      workflow_instance_id: child,
    });
  };
  for (const { seed, id } of instances) {
    if (seed.parent === undefined) continue;
    const parentId = context.ids.instanceId(seed.parent);
    const { task } = seed.parent;
    const parent = instances.find((placed) => placed.id === parentId);
    const newest = parent?.attempts.filter((attempt) => attempt.task === task).at(-1);
    if (newest !== undefined) add(parentId, newest.id, id);
  }
  for (const { id, attempts } of instances) {
    for (const attempt of attempts) {
      if (attempt.seed.child !== undefined) add(id, attempt.id, context.ids.instanceId(attempt.seed.child));
    }
  }
  return [...rows.values()];
}
