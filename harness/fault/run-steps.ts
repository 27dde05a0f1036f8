import { setMaxListeners } from "node:events";
import { createSeededRandom } from "../../src/base/index.ts";
import type { Step } from "../case/resolved-case.ts";
import type { NodeProcess } from "../cluster/index.ts";
import type { StepRecord, Trouble } from "../observe/index.ts";
import { createArmings } from "./armings.ts";
import { actionText } from "./describe.ts";
import { type FailpointWatch, watchFailpoint } from "./failpoint-watch.ts";
import { awaitMoment, type Reached } from "./moments.ts";
import { armEarly } from "./reached-failpoint.ts";
import { runStep } from "./run-step.ts";
import { type Stage, type StepProgress, stageMs } from "./stage.ts";
import { StepTrouble } from "./step-trouble.ts";
import { createUndoing } from "./undoing.ts";

export interface StepsOptions extends Omit<Stage, "armings" | "progress" | "signal"> {
  /** Interrupts: what waits gives up, everything is undone. Default: never. */
  readonly signal?: AbortSignal;
}

/** What became of the steps. */
export interface StepsResult {
  /** All steps of the case in order, those that were not reached too. */
  readonly steps: readonly StepRecord[];
  /** Why the case could not be carried through. */
  readonly trouble: Trouble | undefined;
}

/** Steps that are ready to run. */
export interface PreparedSteps {
  /** The steps as far as they are: for a `verify` in mid-case that asks whom a step hit. */
  records(): readonly StepRecord[];
  /**
   * Runs them in order; resolves when all have landed and everything is undone. They wait for `up`, but what the first
   * one does at a failpoint may come sooner, and keep a node from getting up. Throws what `up` throws, and for bugs.
   */
  run(up: Promise<void>): Promise<StepsResult>;
  /** Whether a step has hit this process, or holds it at its failpoint. */
  isHit(process: NodeProcess): boolean;
}

/**
 * Prepares the steps of a case. To be called before the cluster starts: what the first step waits for may happen as
 * soon
 * as a node is up, so its failpoint is armed on every process from that process's first moment on.
 */
export function prepareSteps(options: StepsOptions): PreparedSteps {
  const { steps } = options.case;
  const progress = new Map(steps.map((step) => [step.id, newProgress(step)]));
  const over = new AbortController();
  const armings = createArmings(options.cluster);
  const armedEarly = armEarly({ ...options, armings }, steps[0]);
  const signal = AbortSignal.any([over.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  // Everything that waits in these steps listens to it; that is no leak.
  setMaxListeners(0, signal);
  const stage: Stage = { ...options, armings, progress, signal, armedEarly };
  const watch = watchOf(stage, steps[0]);
  watch?.countFrom(0);
  const records = (): readonly StepRecord[] => [...progress.values()].map(recordOf);
  return {
    records,
    async run(up) {
      // Nobody may be up: then the steps end, whatever they wait for.
      up.catch(() => over.abort());
      const trouble = await runAll(stage, { watch, up });
      await up;
      return { steps: records(), trouble };
    },
    isHit: (process) =>
      watch?.holds(process) === true ||
      armedEarly?.first()?.process === process ||
      [...progress.values()].some(({ hits }) => hits.some((hit) => hit.process === process)),
  };
}

/** Prepares and runs: for a cluster that is up, when nothing of the first step can have happened yet. */
export function runSteps(options: StepsOptions): Promise<StepsResult> {
  return prepareSteps(options).run(Promise.resolve());
}

function newProgress(step: Step): StepProgress {
  return {
    step,
    firedAtMs: undefined,
    landedAtMs: undefined,
    effectsFromMs: undefined,
    undoneAtMs: undefined,
    hits: [],
    hit: [],
    proofs: [],
  };
}

function recordOf(progress: StepProgress): StepRecord {
  const { step, firedAtMs, landedAtMs, undoneAtMs, hit, proofs } = progress;
  return {
    id: step.id,
    pointer: step.pointer,
    action: actionText(step.action),
    firedAtMs,
    landedAtMs,
    undoneAtMs,
    hit,
    proof: proofs.length === 0 ? undefined : proofs.join("; "),
  };
}

function watchOf(stage: Stage, step: Step | undefined): FailpointWatch | undefined {
  const what = step?.when?.what;
  return what?.kind === "failpoint" ? watchFailpoint(stage, what) : undefined;
}

/** How the steps begin. */
interface Beginning {
  readonly watch: FailpointWatch | undefined;
  readonly up: Promise<void>;
}

async function runAll(stage: Stage, { watch, up }: Beginning): Promise<Trouble | undefined> {
  const undoing = createUndoing(stage);
  const watches: (FailpointWatch | undefined)[] = [watch];
  let trouble: Trouble | undefined;
  try {
    await runInOrder(stage, undoing, { watches, up });
  } catch (error) {
    // Undone first, whatever it was: a bug of the harness must not leave a process frozen.
    undoing.hurry();
    if (!(error instanceof StepTrouble)) {
      await undoing.settle();
      throw error;
    }
    trouble = stage.signal.aborted ? interrupted() : error.trouble;
  } finally {
    for (const watch of watches) watch?.release();
  }
  const failure = await undoing.settle();
  return trouble ?? failure;
}

async function runInOrder(
  stage: Stage,
  undoing: ReturnType<typeof createUndoing>,
  { watches, up }: { readonly watches: (FailpointWatch | undefined)[]; readonly up: Promise<void> },
): Promise<void> {
  const { steps } = stage.case;
  // A source of its own for each step: how often one looked for somebody changes nothing in what the next one draws.
  const randoms = steps.map(() => createSeededRandom(stage.random.below(2 ** 32)));
  // Delays of the first step count from here, when all nodes are up; events from the beginning of the case.
  const isEarly = watches[0] !== undefined;
  if (!isEarly) await up;
  let delaysFromMs = stage.history.nowMs();
  let eventsFromMs = 0;
  for (const [index, step] of steps.entries()) {
    const first = index === 0;
    const armedEarly = first ? stage.armedEarly : undefined;
    const own = { ...stage, random: randoms[index] ?? stage.random, armedEarly };
    const reached = await awaitStep(own, step, {
      watch: watches[index],
      sinceMs: step.when?.what.kind === "delay" ? delaysFromMs : eventsFromMs,
    });
    // Who is held keeps only itself from getting up; the others shall be there when it happens.
    if (first && isEarly) await up;
    const progress = stage.progress.get(step.id) ?? newProgress(step);
    const next = watchOf(stage, steps[index + 1]);
    watches.push(next);
    await runStep(own, undoing, { step, progress, reached, onEffects: (atMs) => next?.countFrom(atMs) });
    watches[index]?.release();
    delaysFromMs = progress.landedAtMs ?? stage.history.nowMs();
    eventsFromMs = progress.effectsFromMs ?? delaysFromMs;
  }
}

async function awaitStep(
  stage: Stage,
  step: Step,
  since: { readonly watch: FailpointWatch | undefined; readonly sinceMs: number },
): Promise<Reached> {
  const { when: moment } = step;
  const reached =
    moment === undefined
      ? {
          it: undefined,
          deadlineMs: stage.history.nowMs() + stageMs(stage, step.landsWithin),
          leftBy: () => undefined,
        }
      : await awaitMoment(stage, { step, moment, ...since });
  if (stage.signal.aborted) throw new StepTrouble(interrupted());
  return reached;
}

/** Whatever a step ran into after that, this was the cause. */
function interrupted(): Trouble {
  const message = "the steps were not carried through: the run was interrupted";
  return { verdict: "ERROR", code: "interrupted", message, pointer: "/inject" };
}
