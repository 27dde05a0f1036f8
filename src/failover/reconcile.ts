import {
  adoptFailover,
  type FailoverRow,
  fenceUnknownServer,
  notifyCommands,
  recordLeft,
  repairLostCommands,
  type SweepHold,
  selectStandingServers,
  selectUnfinishedFailovers,
  selectUnknownOwners,
} from "../store/index.ts";
import { createCleanUp } from "./clean-up.ts";
import type { Coordinator } from "./coordinator.ts";
import type { FailoverPorts } from "./failover-ports.ts";
import { repairMarkers } from "./finish-failover.ts";
import { repairLostStarts } from "./lost-starts.ts";
import { joiningKey, planReconciliation, sweepKey } from "./plan.ts";
import { repairGatesAndSlots } from "./repair-gates.ts";
import { sweepOwnerless } from "./sweep.ts";

/** Finds what the registry's events missed: at the start, from time to time, and after a lost connection. */
export interface Reconciler {
  /** One look. Throws StoreError, RegistryError or FencedError. */
  run(): Promise<void>;
}

/** Remembers since when each state of affairs has been standing, on this master's own clock. */
function createStanding(nowMs: () => number): {
  note(keys: readonly string[]): void;
  ms(key: string): number;
} {
  const since = new Map<string, number>();
  return {
    note(keys) {
      const present = new Set(keys);
      for (const key of since.keys()) if (!present.has(key)) since.delete(key);
      for (const key of keys) if (!since.has(key)) since.set(key, nowMs());
    },
    ms: (key) => nowMs() - (since.get(key) ?? nowMs()),
  };
}

/** Owners that no row knows: they are dead, and are fenced with a row that is made for them. */
async function fenceUnknownOwners(ports: FailoverPorts, coordinator: Coordinator): Promise<void> {
  for (const { incarnation, host } of await selectUnknownOwners(ports.database)) {
    const target = { kind: "master", address: host ?? "unknown", incarnation } as const;
    const hold = await ports.database.transaction((tx) =>
      fenceUnknownServer(tx, {
        me: ports.me.incarnation,
        target,
        sessionNo: undefined,
        nowMs: ports.clock.now(),
      }),
    );
    if (hold === undefined) continue;
    ports.events.emit({
      type: "failover.started",
      kind: "master",
      of: target.address,
      ofIncarnation: incarnation,
    });
    coordinator.rescue(hold, target);
  }
}

export function createReconciler(ports: FailoverPorts, coordinator: Coordinator): Reconciler {
  const standing = createStanding(() => ports.clock.monotonicMs());
  const cleanUp = createCleanUp(ports);
  const waiting = createStanding(() => ports.clock.monotonicMs());

  async function adopt(failover: FailoverRow): Promise<void> {
    const hold = await ports.database.transaction((tx) => adoptFailover(tx, ports.me.incarnation, failover));
    if (hold !== undefined) coordinator.rescue(hold, failover);
  }

  function resume(failover: FailoverRow): void {
    const hold: SweepHold = {
      incarnation: failover.incarnation,
      rescuer: failover.rescuer,
      token: failover.token,
    };
    coordinator.rescue(hold, failover);
  }

  return {
    async run() {
      // The table before the registry: whoever registers in between is seen.
      const servers = await selectStandingServers(ports.database);
      const failovers = await selectUnfinishedFailovers(ports.database);
      if (!ports.mayJudge()) return;
      const members = [...ports.membership.members("master"), ...ports.membership.members("worker")];
      standing.note([
        ...servers.filter((server) => server.state === "JOINING").map(joiningKey),
        ...failovers.map(sweepKey),
      ]);
      const actions = planReconciliation({
        me: ports.me.incarnation,
        servers,
        registered: new Set(members.map((member) => member.incarnation)),
        failovers: failovers.filter((failover) => !coordinator.isBusyWith(failover.incarnation)),
        standingMs: (key) => standing.ms(key),
        joinLimitMs: ports.timing.joinLimitMs,
        rescueStallMs: ports.timing.rescueStallMs,
      });
      for (const action of actions) {
        if (action.kind === "suspect") coordinator.suspect({ ...action.server, proven: false });
        else if (action.kind === "adopt") await adopt(action.failover);
        else resume(action.failover);
      }
      await fenceUnknownOwners(ports, coordinator);
      await sweepOwnerless(ports);
      const repaired = await ports.database.transaction(async (tx) => {
        const ids = await repairLostCommands(tx, ports.clock.now());
        if (ids.length > 0) await notifyCommands(tx);
        return ids;
      });
      if (repaired.length > 0) ports.log.warn(`workflows in FAILOVER had no command: ${repaired.join(", ")}`);
      await repairGatesAndSlots(ports);
      await repairLostStarts(ports, waiting);
      await repairMarkers(ports);
      await cleanUp.runWhenDue();
    },
  };
}

/**
 * A worker says goodbye before its session ends: its life is over, nothing of it runs, and nothing has to be
 * rescued.
 */
export async function noteLeft(
  ports: FailoverPorts,
  worker: { readonly incarnation: string; readonly address: string },
): Promise<void> {
  await recordLeft(ports.database, { ...worker, nowMs: ports.clock.now() });
  ports.onDeath(worker.incarnation);
}
