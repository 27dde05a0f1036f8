import { createMembership, type Member, type Membership, type WorkerGroups } from "../cluster/index.ts";
import type { NodeConfig } from "../config/index.ts";
import type { Dispatcher } from "../dispatch/index.ts";
import {
  type Coordinator,
  createCoordinator,
  createReconciler,
  type FailoverPorts,
  type Reconciler,
} from "../failover/index.ts";
import type { MachineLoad, NodePorts, Predecessor } from "../node/index.ts";
import type { Registry } from "../registry/index.ts";
import type { RpcClient } from "../rpc/index.ts";
import type { Database } from "../store/index.ts";
import type { TaskProcesses } from "../task/process/index.ts";
import { composeDispatch } from "./compose-dispatch.ts";
import { MasterSession } from "./master-session.ts";
import { type MasterTiming, masterTiming } from "./master-timing.ts";
import { createRunTable, type RunTable } from "./run-table.ts";

export interface MasterLifeOptions {
  readonly config: NodeConfig;
  readonly ports: NodePorts;
  readonly incarnation: string;
  /** The life before this one on the same data directory, dead for certain. */
  readonly predecessor: Predecessor | undefined;
  readonly registry: Registry;
  readonly database: Database;
  /** A connection of its own for the probe of oneself: a burst of work must not look like a lost database. */
  readonly probes: Database;
  readonly rpc: RpcClient;
  readonly processes: TaskProcesses;
  readonly load: MachineLoad;
}

/** What the parts of a master ask of it, or tell it. */
export interface MasterHooks {
  readonly mayAct: () => boolean;
  readonly mayJudge: () => boolean;
  readonly joined: (member: Member) => void;
  readonly left: (member: Member) => void;
  /** On record in t_ds_server, and not fenced: what is handed to a worker that is neither counts as lost. */
  readonly mayWork: (incarnation: string) => boolean;
  readonly died: (incarnation: string) => void;
  readonly sessionLost: (reason: string) => void;
  readonly fenced: (reason: string) => void;
  readonly stopping: AbortSignal;
}

/** The parts of one life of a master, wired to each other. */
export interface MasterParts {
  readonly timing: MasterTiming;
  readonly session: MasterSession;
  readonly membership: Membership;
  readonly workerGroups: WorkerGroups;
  readonly dispatcher: Dispatcher;
  readonly runs: RunTable;
  readonly failover: FailoverPorts;
  readonly coordinator: Coordinator;
  readonly reconciler: Reconciler;
}

/** Puts the parts together; nothing runs yet. */
export function composeMaster(options: MasterLifeOptions, hooks: MasterHooks): MasterParts {
  const { config, ports, incarnation, registry, database, rpc, processes, load } = options;
  const { clock, events, failpoints, log } = ports;
  const timing = masterTiming(config);
  const shared = {
    clock,
    events,
    failpoints,
    log,
    database,
    rpc,
    me: { incarnation, address: config.address },
  };
  const { mayAct, stopping } = hooks;
  const onLease = (deadlineMs: number): void => processes.setDeadline(deadlineMs);
  const session = new MasterSession({
    registry,
    config,
    ports,
    incarnation,
    timing,
    load,
    onLease,
    onLost: hooks.sessionLost,
  });
  load.onChange(() => session.refreshNode());
  const membership = createMembership({
    events,
    warn: (message) => log.warn(message),
    listener: {
      joined: hooks.joined,
      left: hooks.left,
      updated: (member) => dispatcher.workerChanged(member.incarnation),
    },
  });
  const { workerGroups, dispatcher, dispatchLimit } = composeDispatch(options, hooks, {
    timing,
    membership,
    groupsChanged: () => runs.pokeAll(),
  });
  const { rpcTimeoutMs, retryPauseMs } = timing;
  const { dataDirectory } = config;
  const runs = createRunTable({
    ...shared,
    dispatcher,
    processes,
    mayAct,
    rpcTimeoutMs,
    retryPauseMs,
    dataDirectory,
    dispatchLimit,
  });
  const failover: FailoverPorts = {
    ...shared,
    membership,
    session: () => session.session,
    mayJudge: hooks.mayJudge,
    onFenced: () => hooks.fenced("another master fenced this one"),
    onDeath: (dead) => {
      hooks.died(dead);
      runs.pokeAll();
    },
    stopping,
    timing,
  };
  const coordinator = createCoordinator(failover);
  const reconciler = createReconciler(failover, coordinator);
  return { timing, session, membership, workerGroups, dispatcher, runs, failover, coordinator, reconciler };
}
