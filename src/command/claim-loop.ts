import { type Clock, errorMessage, type Timer } from "../base/index.ts";
import type { Log } from "../node/index.ts";
import {
  FencedError,
  type FetchOptions,
  type Ownership,
  StoreError,
  selectHighestCommand,
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

/** Commands that one transaction claims at most (docs/benchmarks.md: larger batches gain little). */
const CLAIM_LIMIT = 500;

/**
 * Up to which id the commands of others have waited too long. Only the highest id of each look is kept, whatever the
 * number of commands: ids rise, so what stood there at an earlier look is no higher. Measured here, so that no clock of
 * another machine counts. A command that was written slowly may be taken a little too early: a slot is a preference.
 */
export function createPatience(clock: Clock, patienceMs: number): (highest: number) => number {
  let looks: { readonly highest: number; readonly atMs: number }[] = [];
  let overdueUpTo = 0;
  return (highest) => {
    const nowMs = clock.monotonicMs();
    // Of the looks at the same highest id the first one counts.
    if (highest > (looks.at(-1)?.highest ?? overdueUpTo)) looks.push({ highest, atMs: nowMs });
    for (const look of looks) if (nowMs - look.atMs >= patienceMs) overdueUpTo = look.highest;
    looks = looks.filter((look) => look.highest > overdueUpTo);
    return overdueUpTo;
  };
}

/** Batches of commands, as large as they may be. */
class Claimer {
  readonly #options: ClaimLoopOptions;
  readonly #overdueOf: (highest: number) => number;
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
    const highest = await selectHighestCommand(ports.database);
    if (highest === undefined) return false;
    const overdueUpTo = this.#overdueOf(highest);
    const mine = slot();
    if ((mine === undefined && overdueUpTo === 0) || !mayAct()) return false;
    const limit = this.#limit;
    this.#fetch = { slot: mine?.slot, slots: mine?.slots ?? 1, overdueUpTo, limit };
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
