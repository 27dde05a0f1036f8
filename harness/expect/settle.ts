import { type Clock, WaitTimeoutError, waitUntil } from "../../src/base/index.ts";
import type { Snapshot } from "../observe/evidence.ts";
import { isUnfinishedWorkflow } from "./facts.ts";
import type { Finding, Judgement } from "./finding.ts";
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
  /**
   * When nothing has moved for so long, nothing will: long enough to notice a death and to act on it. Milliseconds,
   * default `stableForMs`.
   */
  readonly restForMs?: number;
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
 * Waits until the case's end is as expected and stays so for `stableForMs`, or `withinMs` is over. What cannot become
 * right any more need not wait longer to be judged wrong: all workflows have finished, no command waits, and either
 * what is wrong is final, as the rows of a finished workflow are, or nothing has moved for `restForMs`. Throws the last
 * error when the world could not be looked at once.
 */
export async function settleExpectations(options: SettleOptions): Promise<Settled> {
  const { clock, snapshot, judgeNow, withinMs, stableForMs, everyMs = 50, signal } = options;
  const { restForMs = stableForMs } = options;
  const deadlineMs = clock.monotonicMs() + withinMs;
  let last: Settled | undefined;
  let lastError: unknown;
  let lastFigure = "";
  let sinceMs = clock.monotonicMs();

  const neededMs = ({ judgement, snapshot: seen }: Settled): number => {
    if (judgement.verdict === "PASS") return stableForMs;
    if (!allFinished(seen)) return Number.POSITIVE_INFINITY;
    if (judgement.findings.some(isFinal)) return stableForMs;
    return isSettledCluster(seen) ? Math.max(stableForMs, restForMs) : Number.POSITIVE_INFINITY;
  };
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
    if (nowMs - sinceMs >= neededMs(last)) return last;
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
    // Nobody knows whether what was seen before the world went dark was still so.
    const isDark = lastFigure === "";
    if (!(error instanceof WaitTimeoutError) || last === undefined || isDark) throw lastError ?? error;
    return last;
  }
}

/** All workflows have finished and nobody was asked to do more. */
function allFinished(snapshot: Snapshot): boolean {
  const instances = snapshot.tables["t_ds_workflow_instance"] ?? [];
  const states = instances.map((row) => String(wordIn("t_ds_workflow_instance", "state", row["state"])));
  const commands = snapshot.tables["t_ds_command"] ?? [];
  return commands.length === 0 && !states.some(isUnfinishedWorkflow);
}

/** What has happened has happened, and rows of finished workflows stay; alerts, entries, processes may still come. */
const isFinal = ({ kind, code }: Finding): boolean =>
  code === "instances" || code === "never" || (kind === "invariant" && !MAY_HEAL.has(code));
const MAY_HEAL: ReadonlySet<string> = new Set([
  "everything-ends",
  "nothing-left",
  "serial-kept",
  "slots-kept",
  "session-bound",
]);

const NODE_ENTRY = /^\/nodes\/(?:master|worker|alert-server)\/[^/]+$/;

/** As many nodes are registered as processes run: no session of a dead one is still to end. */
function isSettledCluster({ registry, processes }: Snapshot): boolean {
  const registered = registry.filter(({ kind, path }) => kind === "entry" && NODE_ENTRY.test(path)).length;
  return registered === processes.filter(({ status }) => status === "running").length;
}

/** Changes when anything that a case may expect changes. */
function figureOf(snapshot: Snapshot): string {
  const { tables, registry, starts, processes, deliveries } = snapshot;
  const entries = registry.map(({ kind, path }) => [kind, path]);
  return JSON.stringify([tables, entries, starts, processes, deliveries]);
}
