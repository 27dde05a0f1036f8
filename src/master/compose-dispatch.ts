import {
  isGroupKnown,
  type Membership,
  type WorkerGroups,
  watchWorkerGroups,
  workerCandidates,
} from "../cluster/index.ts";
import type { NodeConfig } from "../config/index.ts";
import { createDispatcher, createLoadBalancer, type Dispatcher } from "../dispatch/index.ts";
import type { NodePorts } from "../node/index.ts";
import type { Database } from "../store/index.ts";
import type { DispatchLimit } from "../workflow/index.ts";
import type { MasterTiming } from "./master-timing.ts";

/** What hands tasks to workers, and what it knows of their groups. */
export interface DispatchParts {
  readonly workerGroups: WorkerGroups;
  readonly dispatcher: Dispatcher;
  readonly dispatchLimit: DispatchLimit;
}

/** Wires the dispatcher to the view of the cluster and to the rows of worker groups. */
export function composeDispatch(
  options: { readonly config: NodeConfig; readonly ports: NodePorts; readonly database: Database },
  hooks: { readonly mayAct: () => boolean; readonly mayWork: (incarnation: string) => boolean },
  cluster: {
    readonly timing: MasterTiming;
    readonly membership: Membership;
    /** Whoever waits judges its wait anew. */
    readonly groupsChanged: () => void;
  },
): DispatchParts {
  const { config, ports, database } = options;
  const { clock, log, random } = ports;
  const { timing, membership, groupsChanged } = cluster;
  const workers = () => membership.members("worker");
  const workerGroups = watchWorkerGroups({
    clock,
    database,
    log,
    pollMs: timing.workerGroupPollMs,
    onChange() {
      dispatcher.workersChanged();
      groupsChanged();
    },
  });
  const dispatcher = createDispatcher({
    clock,
    balancer: createLoadBalancer(config.master.loadBalancer, random),
    candidates: (group) =>
      workerCandidates(
        workers().filter((member) => hooks.mayWork(member.incarnation)),
        group,
        workerGroups.table,
      ),
    isKnown: (group) => isGroupKnown(workers(), group, workerGroups.table),
    mayAct: hooks.mayAct,
    pauseAfterRefusalMs: timing.retryPauseMs,
  });
  const dispatchLimit = {
    limitMs: config.timing.dispatchTimeoutMs,
    // A session's time for workers to be seen, and put on record.
    notBeforeMs: clock.now() + timing.sessionTimeoutMs,
  };
  return { workerGroups, dispatcher, dispatchLimit };
}
