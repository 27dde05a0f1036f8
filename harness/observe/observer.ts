import type { Clock } from "../../src/base/index.ts";
import type { RegistryConfig } from "../../src/config/index.ts";
import { taskStateOfCode, workflowStateOfCode } from "../../src/model/index.ts";
import type { InstanceRef, TaskRef } from "../case/resolved-case.ts";
import { createDatabaseView, type DatabaseView } from "./database.ts";
import { readTaskStarts } from "./effects.ts";
import type {
  DeliveryRecord,
  LogLine,
  ProcessRecord,
  RegistryRecord,
  Row,
  Snapshot,
  TaskStart,
} from "./evidence.ts";
import type { History } from "./history.ts";
import { createRegistryView } from "./open-registry-view.ts";
import { watchRegistry } from "./watch-registry.ts";

/** A workflow instance as its row says. */
export interface InstanceObservation {
  readonly id: number;
  /** The word, or the number of a state that does not exist. */
  readonly state: string;
  readonly host: string | null;
  readonly ownerIncarnation: string | null;
  readonly ownerEpoch: number;
}

/** An attempt as its row says. */
export interface AttemptObservation {
  readonly id: number;
  readonly workflowInstanceId: number;
  readonly state: string;
  readonly flag: number;
  readonly host: string | null;
  readonly workerIncarnation: string | null;
  readonly dispatchNo: number;
}

/** Who holds something; both null: nobody. */
export interface HolderObservation {
  readonly incarnation: string | null;
  readonly host: string | null;
}

/**
 * What the harness sees of a running case, with its own queries and its own registry client. Every method answers
 * within its limit or throws ObservationError: the case may have frozen the service that is asked.
 */
export interface Observer {
  /** The state of the world now. */
  snapshot(): Promise<Snapshot>;
  /** Instances of the workflow, by id; with an ordinal only that one. Empty when there is none (yet). */
  instanceStates(ref: InstanceRef): Promise<readonly InstanceObservation[]>;
  /** Attempts of the task, by id, in the instances of the reference. */
  taskStates(ref: TaskRef): Promise<readonly AttemptObservation[]>;
  /** Owner of the only instance, or of the one with this ordinal. Undefined: no such instance (yet). */
  ownerOf(ref: InstanceRef): Promise<HolderObservation | undefined>;
  /** Who runs the newest attempt of the task. Undefined: no attempt (yet). */
  runnerOf(ref: TaskRef): Promise<HolderObservation | undefined>;
  /** Entries and locks at the path and below it ("/" for all). */
  registryPaths(prefix: string): Promise<readonly RegistryRecord[]>;
  /** Starts of task scripts so far. */
  taskStarts(): Promise<readonly TaskStart[]>;
  /** Ends the watch of the registry and the connections. Never throws. Idempotent. */
  close(): Promise<void>;
}

export interface ObserverOptions {
  readonly databaseUrl: string;
  readonly registry: RegistryConfig;
  /** Folder of the case, where its tasks leave their effects. */
  readonly workDirectory: string;
  readonly clock: Clock;
  /** Gets `registry.entry.added` and `removed`. */
  readonly history: History;
  /** What the cluster knows of its processes, for the snapshot. Default: nothing. */
  readonly processes?: () => readonly ProcessRecord[];
  /** Lines by node, for the snapshot. Default: nothing. */
  readonly logs?: () => Readonly<Record<string, readonly LogLine[]>>;
  /** Alerts that have arrived, for the snapshot. Default: nobody waits for any. */
  readonly deliveries?: (() => readonly DeliveryRecord[]) | undefined;
}

/** Connects, and begins to watch the registry. Throws ObservationError when the database does not answer. */
export async function createObserver(options: ObserverOptions): Promise<Observer> {
  const { clock, history, workDirectory } = options;
  const database = createDatabaseView({ url: options.databaseUrl, clock });
  const registry = createRegistryView(options.registry, { clock });
  try {
    await database.query("SELECT 1");
  } catch (error) {
    await Promise.all([database.close(), registry.close()]);
    throw error;
  }
  const watch = watchRegistry({ view: registry, history, clock });
  const taskStarts = (): Promise<readonly TaskStart[]> =>
    readTaskStarts({ workDirectory, startWallMs: history.startWallMs });

  return {
    ...createRowObservations(database),
    taskStarts,
    async snapshot() {
      const [tables, entries, starts] = await Promise.all([database.tables(), registry.tree(), taskStarts()]);
      const processes = options.processes?.() ?? [];
      return {
        atMs: history.nowMs(),
        tables,
        registry: entries,
        starts,
        processes,
        logs: options.logs?.() ?? {},
        ...(options.deliveries === undefined ? {} : { deliveries: options.deliveries() }),
      };
    },
    async registryPaths(prefix) {
      const below = prefix === "/" ? "/" : `${prefix}/`;
      return (await registry.tree()).filter(({ path }) => path === prefix || path.startsWith(below));
    },
    async close() {
      await Promise.all([registry.close(), watch.stop(), database.close()]);
    },
  };
}

const INSTANCES = /* sql */ `
  SELECT i.id, i.state, i.host, i.owner_incarnation, i.owner_epoch
    FROM t_ds_workflow_instance i
   WHERE i.workflow_definition_code IN (SELECT code FROM t_ds_workflow_definition WHERE name = $1)
   ORDER BY i.id OFFSET $2 LIMIT $3`;

const ATTEMPTS = /* sql */ `
  SELECT id, workflow_instance_id, state, flag, host, worker_incarnation, dispatch_no
    FROM t_ds_task_instance WHERE name = $1 AND workflow_instance_id = ANY ($2) ORDER BY id`;

type RowObservations = Pick<Observer, "instanceStates" | "taskStates" | "ownerOf" | "runnerOf">;

function createRowObservations(database: DatabaseView): RowObservations {
  const instanceStates = async (ref: InstanceRef): Promise<readonly InstanceObservation[]> => {
    const range = ref.ordinal === null ? [0, null] : [ref.ordinal - 1, 1];
    return (await database.query(INSTANCES, [ref.workflow, ...range])).map(toInstance);
  };
  const taskStates = async (ref: TaskRef): Promise<readonly AttemptObservation[]> => {
    const ids = (await instanceStates(ref)).map(({ id }) => id);
    return ids.length === 0 ? [] : (await database.query(ATTEMPTS, [ref.task, ids])).map(toAttempt);
  };
  return {
    instanceStates,
    taskStates,
    async ownerOf(ref) {
      const owner = (await instanceStates(ref))[0];
      return owner && { incarnation: owner.ownerIncarnation, host: owner.host };
    },
    async runnerOf(ref) {
      const newest = (await taskStates(ref)).at(-1);
      return newest && { incarnation: newest.workerIncarnation, host: newest.host };
    },
  };
}

const numberIn = (row: Row, column: string): number => Number(row[column] ?? 0);
const textIn = (row: Row, column: string): string | null => {
  const value = row[column] ?? null;
  return value === null ? null : String(value);
};

function toInstance(row: Row): InstanceObservation {
  const code = numberIn(row, "state");
  return {
    id: numberIn(row, "id"),
    state: workflowStateOfCode(code) ?? String(code),
    host: textIn(row, "host"),
    ownerIncarnation: textIn(row, "owner_incarnation"),
    ownerEpoch: numberIn(row, "owner_epoch"),
  };
}

function toAttempt(row: Row): AttemptObservation {
  const code = numberIn(row, "state");
  return {
    id: numberIn(row, "id"),
    workflowInstanceId: numberIn(row, "workflow_instance_id"),
    state: taskStateOfCode(code) ?? String(code),
    flag: numberIn(row, "flag"),
    host: textIn(row, "host"),
    workerIncarnation: textIn(row, "worker_incarnation"),
    dispatchNo: numberIn(row, "dispatch_no"),
  };
}
