import { errorMessage } from "../../src/base/index.ts";
import type { Step } from "../case/resolved-case.ts";
import { type Hit, type Stage, stageMs } from "./stage.ts";
import { notLanded, StepTrouble } from "./step-trouble.ts";

/** What an injection is given. */
export interface Injection {
  readonly withinMs: number;
  /**
   * To be called by a fault whose effect begins before its proof is there: just before a signal is sent, since the
   * others may notice a death within a millisecond. Without the call, effects count from the landing.
   */
  readonly strike: () => void;
  /**
   * To be called by a fault whose effects may be seen while it is still landing (a node that stops leaves before its
   * process ends): events count from here for the next step, while the landing is when it was proved.
   */
  readonly begin: () => void;
}

/** How it was seen that a fault landed. */
export interface Landing {
  readonly proof: string;
  /** Whom it hit. */
  readonly hits: readonly Hit[];
}

/**
 * Something that is done to the cluster, as a value. Whether it can be done at all was looked at when it was aimed.
 */
export interface Fault {
  /** "kill master-1". */
  readonly name: string;
  /** Does it, and resolves when it is proved that it has its effect; throws when it cannot be. */
  inject(injection: Injection): Promise<Landing>;
  /** Takes it back; resolves when that is proved. Absent for what cannot be taken back. */
  readonly undo?: () => Promise<void>;
}

/** A fault keeps its own limit where it can, and then says more: the wrapper waits a little longer. */
const WRAPPER_MARGIN_MS = 250;

/** Injects a fault in its window. Throws StepTrouble: "fault-not-landed", or what the fault itself found. */
export async function landFault(
  stage: Stage,
  step: Step,
  fault: Fault,
  effects: Pick<Injection, "strike" | "begin">,
): Promise<Landing> {
  const withinMs = windowOf(stage, step);
  const over = new AbortController();
  const late = stage.clock.sleep(withinMs + WRAPPER_MARGIN_MS, over.signal).then(() => undefined);
  try {
    const landing = await Promise.race([fault.inject({ withinMs, ...effects }), late]);
    if (landing !== undefined) return landing;
    throw new Error(`it did not land within ${withinMs} ms`);
  } catch (error) {
    if (error instanceof StepTrouble) throw error;
    const message = `step ${step.id}: ${fault.name} could not be proved: ${errorMessage(error)}`;
    throw notLanded(message, step.pointer);
  } finally {
    over.abort();
  }
}

/** A verify has its own time; everything else lands within `landsWithin`. */
function windowOf(stage: Stage, step: Step): number {
  const { action } = step;
  return stageMs(stage, action.kind === "verify" ? action.within : step.landsWithin);
}
