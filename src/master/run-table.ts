import { errorMessage, Lane } from "../base/index.ts";
import { GraphError } from "../model/index.ts";
import {
  DamagedRowError,
  isDatabaseAway,
  NotOwnerError,
  type Ownership,
  selectOwnedWorkflows,
} from "../store/index.ts";
import { createWorkflowRun, failRun, loadRun, type RunPorts, type WorkflowRun } from "../workflow/index.ts";

/** The workflows that this master has in memory. */
export interface RunTable {
  /** Loads what was claimed. */
  take(owned: readonly Ownership[]): void;
  poke(workflowInstanceId: number): void;
  pokeAll(): void;
  /**
   * Self-audit: what the database says is this master's and is not in memory is loaded; what is in memory and not its
   * any more is dropped. After a claim whose outcome is unknown, after a lost session, and from time to time.
   */
  audit(): Promise<void>;
  /** All that is in memory. */
  all(): readonly WorkflowRun[];
  /** Lets go of everything, without a word to the database. */
  dropAll(): void;
}

/** Loads that fail before the workflow is given up. */
const MAX_LOADS = 3;
/** Workflows that are looked at side by side: connections are left for claims, reports and failovers in a burst. */
const MAX_LOOKS = 5;

const keyOf = (own: Pick<Ownership, "workflowInstanceId" | "epoch">): string =>
  `${own.workflowInstanceId} ${own.epoch}`;

export function createRunTable(ports: RunPorts): RunTable {
  const runs = new Map<number, WorkflowRun>();
  const loading = new Map<string, number>();
  const lane = new Lane(MAX_LOOKS);
  let closed = false;

  ports.processes.onExit((exit) => {
    const [taskId, dispatchNo] = exit.key.split("-").map(Number);
    // Every run is asked: the port knows deliveries, not workflows. One of them has the attempt, or none any more.
    for (const run of runs.values()) {
      if (run.hasTask(taskId ?? 0))
        run.processEnded({ taskId: taskId ?? 0, dispatchNo: dispatchNo ?? 0 }, exit);
    }
  });

  async function giveUp(own: Ownership, error: unknown): Promise<void> {
    await failRun(ports, own, error).catch((cause: unknown) => {
      if (!(cause instanceof NotOwnerError))
        ports.log.error(`workflow ${own.workflowInstanceId}: ${errorMessage(cause)}`);
    });
    loading.delete(keyOf(own));
  }

  async function load(own: Ownership, tries: number): Promise<void> {
    const key = keyOf(own);
    loading.set(key, tries);
    try {
      const state = await lane.pass(() => loadRun(ports.database, own));
      loading.delete(key);
      if (closed) return;
      const run = createWorkflowRun({ ports, run: state, lane, onEnd: () => forget(run) });
      runs.get(own.workflowInstanceId)?.drop();
      runs.set(own.workflowInstanceId, run);
      run.poke();
    } catch (error) {
      if (error instanceof NotOwnerError || closed) return void loading.delete(key);
      const hopeless = error instanceof DamagedRowError || error instanceof GraphError;
      // A database that is away says nothing about the workflow: that does not count.
      const counted = isDatabaseAway(error) ? 0 : 1;
      ports.log.warn(`workflow instance ${own.workflowInstanceId} was not loaded: ${errorMessage(error)}`);
      if (hopeless || tries >= MAX_LOADS) return giveUp(own, error);
      ports.clock.setTimer(ports.retryPauseMs, () => void load(own, tries + counted));
    }
  }

  function forget(run: WorkflowRun): void {
    if (runs.get(run.workflowInstanceId) === run) runs.delete(run.workflowInstanceId);
  }

  function isInHand(own: Ownership): boolean {
    return loading.has(keyOf(own)) || runs.get(own.workflowInstanceId)?.epoch === own.epoch;
  }

  function take(owned: readonly Ownership[]): void {
    for (const own of owned) if (!closed && !isInHand(own)) void load(own, 1);
  }

  return {
    take,
    poke: (workflowInstanceId) => runs.get(workflowInstanceId)?.poke(),
    all: () => Array.from(runs.values()),
    pokeAll() {
      for (const run of runs.values()) run.poke();
    },
    async audit() {
      const { incarnation } = ports.me;
      const before = [...runs.values()];
      const owned = await selectOwnedWorkflows(ports.database, incarnation);
      const epochs = new Map(owned.map(({ id, epoch }) => [id, epoch]));
      for (const run of before) if (epochs.get(run.workflowInstanceId) !== run.epoch) run.drop();
      take(owned.map(({ id, epoch }) => ({ workflowInstanceId: id, incarnation, epoch })));
    },
    dropAll() {
      closed = true;
      for (const run of Array.from(runs.values())) run.drop();
      runs.clear();
    },
  };
}
