import { required } from "../../src/base/index.ts";
import type {
  AttemptSeed,
  CommandSeed,
  InstanceRef,
  InstanceSeed,
  Json,
  ResolvedCase,
} from "../case/resolved-case.ts";

/** A seeded instance with its id and those of its attempts. */
export interface PlacedInstance {
  readonly seed: InstanceSeed;
  readonly id: number;
  readonly attempts: readonly PlacedAttempt[];
}

export interface PlacedAttempt {
  readonly task: string;
  readonly seed: AttemptSeed;
  readonly id: number;
}

/** One command row; `start` brings the instance that it starts. */
export interface PlacedCommand {
  readonly seed: CommandSeed;
  readonly instanceId: number;
}

export interface IdAllocation {
  readonly instances: readonly PlacedInstance[];
  readonly commands: readonly PlacedCommand[];
  workflowCode(workflow: string): number;
  taskCode(workflow: string, task: string): number;
  /** Id of a seeded instance ("etl", "etl#2"). */
  instanceId(ref: InstanceRef): number;
  environmentCode(name: string): number;
  taskGroupId(name: string): number;
  alertGroupId(name: string): number;
}

/** Codes are far above those of DolphinScheduler's fixtures, which start at 1, and below 2^53. */
const FIRST_WORKFLOW_CODE = 1_000_001;
const TASKS_PER_WORKFLOW = 10_000;
const FIRST_ENVIRONMENT_CODE = 2_000_001;

/** Gives every seeded thing its id or code: the same for the same case, explicit ids as written. */
export function allocateIds(resolved: ResolvedCase): IdAllocation {
  const { database } = resolved;
  const instances = placeInstances(resolved);
  const startInstanceId = idsAfter(
    takenIds(resolved, "t_ds_workflow_instance", instances),
    Math.max(0, ...instances.map(({ id }) => id)),
  );
  const commands = placeCommands(database.commands, instances, startInstanceId);
  const indexIn = (names: readonly string[], name: string, what: string): number => {
    const index = names.indexOf(name);
    if (index < 0) throw new Error(`${what} ${name} is not in the case`);
    return index;
  };
  const workflowNames = database.workflows.map(({ name }) => name);
  const workflowCode = (workflow: string): number =>
    fixtureWorkflow(resolved, workflow)?.code ??
    FIRST_WORKFLOW_CODE + indexIn(workflowNames, workflow, "workflow");
  return {
    instances,
    commands,
    workflowCode,
    taskCode(workflow, task) {
      const definition = required(
        database.workflows.find(({ name }) => name === workflow),
        `workflow ${workflow}`,
      );
      const names = definition.tasks.map(({ name }) => name);
      return workflowCode(workflow) * TASKS_PER_WORKFLOW + 1 + indexIn(names, task, "task");
    },
    instanceId: (ref) => findInstanceId(instances, ref),
    environmentCode: (name) =>
      FIRST_ENVIRONMENT_CODE + indexIn(Object.keys(database.environments), name, "environment"),
    taskGroupId: (name) => 1 + indexIn(Object.keys(database.taskGroups), name, "task group"),
    alertGroupId: (name) => 1 + indexIn(Object.keys(database.alertGroups), name, "alert group"),
  };
}

function fixtureWorkflow(resolved: ResolvedCase, name: string): { readonly code: number } | undefined {
  return resolved.database.fixture?.workflows.find((workflow) => workflow.name === name);
}

function placeInstances(resolved: ResolvedCase): PlacedInstance[] {
  const { instances } = resolved.database;
  const explicit = new Set(instances.flatMap(({ id }) => id ?? []));
  const attemptIds = new Set(
    instances.flatMap(({ tasks }) => tasks.flatMap(({ attempts }) => attempts.flatMap(({ id }) => id ?? []))),
  );
  const nextInstance = idsAfter(union(explicit, rawIds(resolved, "t_ds_workflow_instance")), 0);
  const nextAttempt = idsAfter(union(attemptIds, rawIds(resolved, "t_ds_task_instance")), 0);
  return instances.map((seed) => ({
    seed,
    id: nextInstance(seed.id),
    attempts: seed.tasks.flatMap(({ task, attempts }) =>
      attempts.map((attempt) => ({ task, seed: attempt, id: nextAttempt(attempt.id) })),
    ),
  }));
}

/**
 * Gives ids in rising order: the explicit one when there is one, else the next that nobody has. An explicit id that
 * jumps ahead carries the later ones with it, so that the order of the file is the order of ids.
 */
function idsAfter(taken: ReadonlySet<number>, start: number): (explicit?: number) => number {
  let last = start;
  return (explicit) => {
    if (explicit !== undefined) {
      last = explicit;
      return explicit;
    }
    do last += 1;
    while (taken.has(last));
    return last;
  };
}

function placeCommands(
  seeds: readonly CommandSeed[],
  instances: readonly PlacedInstance[],
  nextInstanceId: () => number,
): PlacedCommand[] {
  return seeds.flatMap((seed) =>
    Array.from({ length: seed.count }, () => ({
      seed,
      instanceId:
        seed.command.kind === "start" ? nextInstanceId() : findInstanceId(instances, seed.command.instance),
    })),
  );
}

function findInstanceId(instances: readonly PlacedInstance[], ref: InstanceRef): number {
  const found = instances.find(
    ({ seed }) => seed.workflow === ref.workflow && seed.ordinal === (ref.ordinal ?? 1),
  );
  return required(found, `instance ${ref.workflow}#${ref.ordinal ?? 1}`).id;
}

function takenIds(
  resolved: ResolvedCase,
  table: string,
  instances: readonly PlacedInstance[],
): ReadonlySet<number> {
  return union(new Set(instances.map(({ id }) => id)), rawIds(resolved, table));
}

/** Ids that rows of the fixture or of `tables` bring with them. */
function rawIds(resolved: ResolvedCase, table: string): ReadonlySet<number> {
  const rows = [
    ...(resolved.database.fixture?.tables[table] ?? []),
    ...(resolved.database.tables[table] ?? []),
  ];
  return new Set(rows.map(({ id }): Json | undefined => id).filter((id) => typeof id === "number"));
}

function union(left: ReadonlySet<number>, right: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...left, ...right]);
}
