import { type Clock, errorMessage } from "../base/index.ts";
import { REGISTRY_PATHS } from "../model/index.ts";
import type { Log } from "../node/index.ts";
import type { Lock, RegistrySession } from "../registry/index.ts";

export interface ElectionOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The session of now, while it is held; undefined: there is none to be elected in. */
  readonly session: () => RegistrySession | undefined;
  /** Became the active one, or stopped being it. */
  readonly onChange: (active: boolean) => void;
  /** Pause before it stands again after an error, and between two looks for a session. Milliseconds. */
  readonly retryPauseMs: number;
  readonly stopping: AbortSignal;
}

/** A stand-by asks for the lock anew after so long; by then a request that got lost is forgotten. */
const ASK_AGAIN_MS = 60_000;

/**
 * The election of the active alert server: whoever holds the lock. A lock belongs to a session, never to an address, so
 * that a server that was restarted fast is not taken for its predecessor (DolphinScheduler 18644, 18645); and the loop
 * stands for election again however often it was active before (18623, 18624).
 *
 * Being active only saves double work: what is sent, and that it is marked once, the rows decide.
 */
export class Election {
  readonly #options: ElectionOptions;
  #held: { readonly session: RegistrySession; readonly lock: Lock } | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** The lock is held, in the session of now. */
  get isActive(): boolean {
    return this.#held !== undefined && this.#held.session === this.#options.session();
  }

  /** Gives the lock up, so that the stand-by need not wait for the end of the session. After `stopping` has aborted. */
  async resign(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.lock.release().catch(() => undefined);
  }

  /** Resolves when it does not stand any more; `stopping`, and the end of the session, end it. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { session, stopping, log, clock, retryPauseMs } = this.#options;
    while (!stopping.aborted) {
      const current = session();
      try {
        if (current !== undefined) await this.#stand(current);
      } catch (error) {
        if (!stopping.aborted) log.debug(`not elected yet: ${errorMessage(error)}`);
      }
      await clock.sleep(retryPauseMs, stopping);
    }
  }

  /** Waits for the lock and holds it until the session is over. Throws RegistryError. */
  async #stand(session: RegistrySession): Promise<void> {
    const { stopping, onChange } = this.#options;
    const lock = await session.lock(REGISTRY_PATHS.alertLock, { withinMs: ASK_AGAIN_MS });
    if (lock === undefined) return;
    if (stopping.aborted) return await lock.release();
    this.#held = { session, lock };
    onChange(true);
    await untilOver(session, stopping);
    if (stopping.aborted) return;
    this.#held = undefined;
    onChange(false);
  }
}

/** Resolves when the session is over, or the signal aborts. */
function untilOver(session: RegistrySession, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const isOver = (): boolean => session.state === "LOST" || session.state === "CLOSED";
    const end = (): void => {
      forget();
      stopping.removeEventListener("abort", end);
      resolve();
    };
    const forget = session.onState(() => {
      if (isOver()) end();
    });
    stopping.addEventListener("abort", end);
    if (isOver() || stopping.aborted) end();
  });
}
