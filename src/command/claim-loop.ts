import { type Clock, errorMessage, type Timer } from "../base/index.ts";
import type { Log } from "../node/index.ts";
import {
  FencedError,
  type FetchOptions,
  type Ownership,
  StoreError,
  selectWaitingCommands,
} from "../store/index.ts";
import { type ClaimPorts, claimCommands, setHeadAside } from "./claim-commands.ts";

export interface ClaimLoop {
  /** There may be commands: look now. */
  poke(): void;
  /** Claims nothing any more; resolves when a claim that was under way is over. */
  stop(): Promise<void>;
}

export interface ClaimLoopOptions {
  readonly ports: ClaimPorts & { readonly log: Log };
  readonly mayAct: () => boolean;
  readonly slot: () => { readonly slot: number; readonly slots: number } | undefined;
  readonly onOwned: (owned: readonly Ownership[]) => void;
  /** This incarnation was fenced. */
  readonly onFenced: () => void;
  /** It is not known whether a claim took place. */
  readonly onUnknown: () => void;
  /** A look at the table when no hint came, milliseconds. */
  readonly pollMs: number;
  /** How long a command of another slot is left to that master, milliseconds. */
  readonly slotPatienceMs: number;
}

/** Commands that one transaction claims at most. */
const CLAIM_LIMIT = 100;

/** Which commands of others have waited too long. Measured here, so that no clock of another machine counts. */
function createPatience(clock: Clock, patienceMs: number): (waiting: readonly number[]) => readonly number[] {
  const seenAtMs = new Map<number, number>();
  return (waiting) => {
    const nowMs = clock.monotonicMs();
    const present = new Set(waiting);
    for (const id of seenAtMs.keys()) if (!present.has(id)) seenAtMs.delete(id);
    for (const id of waiting) if (!seenAtMs.has(id)) seenAtMs.set(id, nowMs);
    return waiting.filter((id) => nowMs - (seenAtMs.get(id) ?? nowMs) >= patienceMs);
  };
}

/** Batches of commands, as large as they may be. */
class Claimer {
  readonly #options: ClaimLoopOptions;
  readonly #overdueOf: (waiting: readonly number[]) => readonly number[];
  #limit = CLAIM_LIMIT;
  /** What the last claim asked for. */
  #fetch: FetchOptions | undefined;

  constructor(options: ClaimLoopOptions) {
    this.#options = options;
    this.#overdueOf = createPatience(options.ports.clock, options.slotPatienceMs);
  }

  /** One claim. True: there may be more. Throws FencedError or StoreError. */
  async claim(): Promise<boolean> {
    const { ports, mayAct, slot, onOwned } = this.#options;
    if (!mayAct()) return false;
    const waiting = await selectWaitingCommands(ports.database, CLAIM_LIMIT);
    const overdue = this.#overdueOf(waiting);
    const mine = slot();
    if (waiting.length === 0 || (mine === undefined && overdue.length === 0) || !mayAct()) return false;
    const limit = this.#limit;
    this.#fetch = { slot: mine?.slot, slots: mine?.slots ?? 1, overdue, limit };
    const claimed = await claimCommands(ports, this.#fetch);
    if (claimed.owned.length > 0) onOwned(claimed.owned);
    this.#limit = CLAIM_LIMIT;
    return claimed.commands === limit;
  }

  /** One command makes the whole batch fail: smaller batches find it, and then it goes aside alone. */
  async isolate(error: StoreError): Promise<void> {
    if (this.#limit > 1 || this.#fetch === undefined) {
      this.#limit = Math.ceil(this.#limit / 4);
      return;
    }
    // The very commands that the failed claim asked for: others are innocent.
    await setHeadAside(this.#options.ports, this.#fetch, error.message);
    this.#limit = CLAIM_LIMIT;
  }
}

/** Claims commands as long as it runs: when it is poked, and by poll. */
export function startClaimLoop(options: ClaimLoopOptions): ClaimLoop {
  const { ports, pollMs } = options;
  const claimer = new Claimer(options);
  let timer: Timer | undefined;
  let stopped = false;
  let again = false;
  let claiming: Promise<void> | undefined;

  const complain = (error: unknown): void =>
    ports.log.warn(`commands were not claimed: ${errorMessage(error)}`);

  async function handle(error: unknown): Promise<void> {
    if (error instanceof FencedError) return options.onFenced();
    if (!(error instanceof StoreError)) return complain(error);
    if (error.code === "UNKNOWN") return options.onUnknown();
    if (error.code !== "CONSTRAINT") return complain(error);
    again = true;
    await claimer.isolate(error).catch(complain);
  }

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        if (await claimer.claim()) again = true;
      } catch (error) {
        await handle(error);
      }
    } while (again && !stopped);
  }

  function poke(): void {
    if (stopped) return;
    if (claiming !== undefined) {
      again = true;
      return;
    }
    timer?.cancel();
    claiming = run().finally(() => {
      claiming = undefined;
      if (!stopped) timer = ports.clock.setTimer(pollMs, poke);
    });
  }

  poke();
  return {
    poke,
    async stop() {
      stopped = true;
      timer?.cancel();
      await claiming;
    },
  };
}
