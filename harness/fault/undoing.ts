import { errorMessage } from "../../src/base/index.ts";
import type { Trouble } from "../observe/index.ts";
import type { Fault } from "./fault.ts";
import { type Stage, type StepProgress, stageMs } from "./stage.ts";

/** Takes faults back when their time is over, and at the end of the case in any event. */
export interface Undoing {
  /** Resolves when the faults are undone. Never rejects: what could not be undone is in `settle`. */
  schedule(progress: StepProgress, faults: readonly Fault[]): Promise<void>;
  /** Waits until everything is undone. Gives the first failure. */
  settle(): Promise<Trouble | undefined>;
  /** Undoes everything now: the case is over. */
  hurry(): void;
}

/** How long an undo may take: starting a node is the longest. */
const UNDO_LIMIT_MS = 20_000;

export function createUndoing(stage: Stage): Undoing {
  const pending: Promise<void>[] = [];
  const failures: Trouble[] = [];
  const hurry = new AbortController();
  const interrupt = (): void => hurry.abort();
  stage.signal.addEventListener("abort", interrupt);

  async function undoOne(progress: StepProgress, fault: Fault): Promise<void> {
    const over = new AbortController();
    const late = stage.clock.sleep(UNDO_LIMIT_MS, over.signal).then((): never => {
      throw new Error(`it took more than ${UNDO_LIMIT_MS} ms`);
    });
    try {
      await Promise.race([fault.undo?.(), late]);
    } catch (error) {
      const { id, pointer } = progress.step;
      const message = `step ${id}: ${fault.name} could not be undone: ${errorMessage(error)}`;
      failures.push({ verdict: "ERROR", code: "undo-failed", message, pointer });
    } finally {
      // The timer is taken away; that `late` then throws is nobody's business any more.
      late.catch(() => undefined);
      over.abort();
    }
  }

  async function undoLater(progress: StepProgress, faults: readonly Fault[]): Promise<void> {
    const lasts = progress.step.for;
    if (lasts !== undefined) await stage.clock.sleep(stageMs(stage, lasts), hurry.signal);
    await Promise.all(faults.map((fault) => undoOne(progress, fault)));
    progress.undoneAtMs = stage.history.nowMs();
    stage.history.add({ source: "harness", type: "step.undone", step: progress.step.id });
  }
  return {
    schedule(progress, faults) {
      const undone = undoLater(progress, faults);
      pending.push(undone);
      return undone;
    },
    async settle() {
      await Promise.all(pending);
      stage.signal.removeEventListener("abort", interrupt);
      return failures[0];
    },
    hurry: () => hurry.abort(),
  };
}
