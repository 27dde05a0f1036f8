import type { Step } from "../case/resolved-case.ts";
import { aimStep } from "./aim.ts";
import { actionText } from "./describe.ts";
import { type Fault, landFault } from "./fault.ts";
import type { Reached } from "./moments.ts";
import { type Stage, type StepProgress, stageMs } from "./stage.ts";
import { momentMissed } from "./step-trouble.ts";
import type { Undoing } from "./undoing.ts";

/** What a step is run with, once its moment has come. */
export interface StepRun {
  readonly step: Step;
  readonly progress: StepProgress;
  readonly reached: Reached;
  /** Called when effects begin to count anew: at each injection. */
  readonly onEffects: (atMs: number) => void;
}

/**
 * 1. Repeat as often as the step says, `every` so often.
 * 2. Look up whom it means now.
 * 3. Inject, all at once or one by one, and wait for the proof.
 * 4. Ask whether the moment was still there.
 * 5. Undo after `for`; only what comes within the same step waits for that.
 *
 * Resolves when the last injection has landed. Throws StepTrouble.
 */
export async function runStep(stage: Stage, undoing: Undoing, run: StepRun): Promise<void> {
  const { step, progress, reached } = run;
  let undone: Promise<void> = Promise.resolve();
  for (let time = 1; time <= step.times; time += 1) {
    if (time > 1) await awaitNextTime(stage, step, progress, undone);
    const volley = await aimStep(stage, step, reached);
    const groups = volley.oneByOne ? volley.faults.map((fault) => [fault]) : [volley.faults];
    for (const group of groups) {
      await undone;
      try {
        await injectAll(stage, run, group);
      } finally {
        // Also when it could not be proved: it may be there all the same.
        if (step.for !== undefined) undone = undoing.schedule(progress, group);
      }
    }
  }
  stage.history.add({ source: "harness", type: "step.landed", step: step.id });
}

/** `every` counts from landing to landing; without it the next comes when the last is undone or landed. */
async function awaitNextTime(
  stage: Stage,
  step: Step,
  progress: StepProgress,
  undone: Promise<void>,
): Promise<void> {
  await undone;
  if (step.every === undefined) return;
  const nextMs = (progress.landedAtMs ?? 0) + stageMs(stage, step.every);
  await stage.clock.sleep(nextMs - stage.history.nowMs(), stage.signal);
}

async function injectAll(stage: Stage, run: StepRun, faults: readonly Fault[]): Promise<void> {
  const { step, progress, reached } = run;
  const isFirst = progress.firedAtMs === undefined;
  const firedAtMs = stage.history.nowMs();
  progress.firedAtMs ??= firedAtMs;
  // Of several injections the last one counts: it is not undone yet.
  progress.undoneAtMs = undefined;
  let struckAtMs: number | undefined;
  let effectsFromMs: number | undefined;
  const begin = (): void => {
    effectsFromMs ??= stage.history.nowMs();
    progress.effectsFromMs = effectsFromMs;
    run.onEffects(effectsFromMs);
  };
  const strike = (): void => {
    struckAtMs = stage.history.nowMs();
    begin();
  };
  const landings = await Promise.all(faults.map((fault) => landFault(stage, step, fault, { strike, begin })));
  progress.landedAtMs = struckAtMs ?? stage.history.nowMs();
  begin();
  for (const { hits, proof } of landings) {
    progress.proofs.push(proof);
    progress.hits.push(...hits);
    // The incarnation as it is now: a process may take another one later.
    progress.hit.push(
      ...hits.map(({ node, process }) => ({ node: node.name, incarnation: process?.incarnation ?? "" })),
    );
  }
  const left = isFirst ? reached.leftBy(firedAtMs) : undefined;
  if (left === undefined) return;
  const message = `step ${step.id}: the moment was over (${left}) before ${actionText(step.action)} landed`;
  throw momentMissed(message, step.when?.pointer ?? step.pointer);
}
