import { type Clock, WaitTimeoutError, waitUntil } from "../../src/base/index.ts";
import type { Snapshot } from "../observe/evidence.ts";
import { isUnfinishedWorkflow } from "./facts.ts";
import type { Judgement } from "./finding.ts";
import { wordIn } from "./words.ts";

export interface SettleOptions {
  /** Looks at the world. May throw ObservationError while a service is away; it is asked again. */
  readonly snapshot: () => Promise<Snapshot>;
  /** What would be said if this were the end. */
  readonly judgeNow: (snapshot: Snapshot) => Judgement;
  /** Limit of the wait for a PASS, milliseconds. */
  readonly withinMs: number;
  /** The verdict must hold so long without interruption, milliseconds. */
  readonly stableForMs: number;
  readonly clock: Clock;
  /** Milliseconds between two looks. Default 50. */
  readonly everyMs?: number;
  /** Ends the wait: the last look counts. */
  readonly signal?: AbortSignal;
}

export interface Settled {
  /** The last look: what the verdict is made from. */
  readonly snapshot: Snapshot;
  readonly judgement: Judgement;
}

/**
 * Waits until the case's end is as expected and stays so for `stableForMs`, or `withinMs` is over. A case in which
 * nothing moves any more (all workflows finished, no command waits, no row changed) need not wait longer to be judged
 * wrong: it ends when that has lasted `stableForMs` too. Throws the last error when the world could not be looked at
 * once.
 */
export async function settleExpectations(options: SettleOptions): Promise<Settled> {
  const { clock, snapshot, judgeNow, withinMs, stableForMs, everyMs = 50, signal } = options;
  const deadlineMs = clock.monotonicMs() + withinMs;
  let last: Settled | undefined;
  let lastError: unknown;
  let lastFigure = "";
  let sinceMs = clock.monotonicMs();

  const look = async (): Promise<Settled | undefined> => {
    let seen: Snapshot;
    try {
      seen = await snapshot();
    } catch (error) {
      lastError = error;
      lastFigure = "";
      return undefined;
    }
    const judgement = judgeNow(seen);
    const figure = `${judgement.verdict} ${judgement.verdict === "PASS" ? "" : figureOf(seen)}`;
    const nowMs = clock.monotonicMs();
    if (figure !== lastFigure) sinceMs = nowMs;
    lastFigure = figure;
    last = { snapshot: seen, judgement };
    // A PASS in the last moment still gets its time to prove stable; anything else has had all the time it gets.
    const isDone = judgement.verdict === "PASS" || isAtRest(seen);
    if (isDone && nowMs - sinceMs >= stableForMs) return last;
    return nowMs >= deadlineMs && judgement.verdict !== "PASS" ? last : undefined;
  };
  try {
    return await waitUntil({
      clock,
      until: look,
      withinMs: withinMs + stableForMs,
      everyMs,
      describe: "the end of the case",
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || last === undefined) throw lastError ?? error;
    return last;
  }
}

/** All workflows have finished and nobody was asked to do more. */
function isAtRest(snapshot: Snapshot): boolean {
  const instances = snapshot.tables["t_ds_workflow_instance"] ?? [];
  const states = instances.map((row) => String(wordIn("t_ds_workflow_instance", "state", row["state"])));
  const commands = snapshot.tables["t_ds_command"] ?? [];
  return commands.length === 0 && !states.some(isUnfinishedWorkflow);
}

/** Changes when anything that a case may expect changes. */
function figureOf(snapshot: Snapshot): string {
  const { tables, registry, starts, processes } = snapshot;
  return JSON.stringify([tables, registry.map(({ kind, path }) => [kind, path]), starts, processes]);
}
