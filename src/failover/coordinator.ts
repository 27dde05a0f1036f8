import { errorMessage } from "../base/index.ts";
import { countLiveAttemptsOf, FencedError, StoreError, type SweepHold } from "../store/index.ts";
import type { FailoverPorts, Target } from "./failover-ports.ts";
import { concludeFailover } from "./finish-failover.ts";
import { fence, judgeDeath, type Suspect } from "./judge-death.ts";
import { sweepOwned } from "./sweep.ts";

/** Fails over those that die. */
export interface Coordinator {
  /** A life may be over. Any number of times, from any source: each is looked into once at a time. */
  suspect(suspect: Suspect): void;
  /** Goes on with a failover that this master holds. */
  rescue(hold: SweepHold, target: Target): void;
  /** This master is at work on the failover of this life, or on finding out whether it is dead. */
  isBusyWith(incarnation: string): boolean;
  /** Resolves when nothing is under way any more; `stopping` ends it soon. */
  idle(): Promise<void>;
}

/** Between two looks for attempts that are left on a dead worker, at most. */
const OWNERS_POLL_MS = 100;

/** The failover of a worker is finished by the owners of its attempts: wait until none is left. */
async function awaitOwners(ports: FailoverPorts, target: Target): Promise<void> {
  while (!ports.stopping.aborted) {
    const left = await countLiveAttemptsOf(ports.database, target.incarnation);
    if (left === 0) return;
    await ports.clock.sleep(Math.min(ports.timing.heartbeatMs, OWNERS_POLL_MS), ports.stopping);
  }
}

/** One step of the work on a dead life; tried again until it is done or not this master's any more. */
async function persist(ports: FailoverPorts, what: string, step: () => Promise<void>): Promise<void> {
  while (!ports.stopping.aborted) {
    try {
      return await step();
    } catch (error) {
      if (error instanceof FencedError) return ports.onFenced();
      const locked = error instanceof StoreError && error.code === "LOCKED";
      if (!locked) ports.log.warn(`${what} is tried again: ${errorMessage(error)}`);
      await ports.clock.sleep(ports.timing.retryPauseMs, ports.stopping);
    }
  }
}

export function createCoordinator(ports: FailoverPorts): Coordinator {
  const underWay = new Map<string, Promise<void>>();

  function beAt(incarnation: string, work: () => Promise<void>): void {
    if (underWay.has(incarnation) || ports.stopping.aborted) return;
    underWay.set(
      incarnation,
      work().finally(() => underWay.delete(incarnation)),
    );
  }

  async function carryOut(hold: SweepHold, target: Target): Promise<void> {
    await persist(ports, `the failover of ${target.kind} ${target.address}`, async () => {
      if (target.kind === "master" && !(await sweepOwned(ports, hold))) return;
      if (target.kind === "worker") await awaitOwners(ports, target);
      if (!ports.stopping.aborted) await concludeFailover(ports, hold, target);
    });
  }

  async function investigate(suspect: Suspect): Promise<void> {
    await persist(ports, `the fence of ${suspect.kind} ${suspect.address}`, async () => {
      if (!(await judgeDeath(ports, suspect))) return;
      const hold = await fence(ports, suspect);
      // Whoever fenced it: attempts of this master's workflows may have been there.
      ports.onDeath(suspect.incarnation);
      if (hold !== undefined) await carryOut(hold, suspect);
    });
  }

  return {
    suspect(suspect) {
      // The end of one's own session is not for oneself to act on.
      if (suspect.incarnation !== ports.me.incarnation) beAt(suspect.incarnation, () => investigate(suspect));
    },
    rescue: (hold, target) => beAt(target.incarnation, () => carryOut(hold, target)),
    isBusyWith: (incarnation) => underWay.has(incarnation),
    async idle() {
      await Promise.all(underWay.values());
    },
  };
}
