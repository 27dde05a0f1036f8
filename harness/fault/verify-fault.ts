import type { Action, Step } from "../case/resolved-case.ts";
import type { Fault } from "./fault.ts";
import { type Stage, stageMs } from "./stage.ts";
import { StepTrouble } from "./step-trouble.ts";

/** What the product owes in mid-case. Not met in its time, the case has failed: nothing is inconclusive about it. */
export function verifyFault(stage: Stage, step: Step, action: Extract<Action, { kind: "verify" }>): Fault {
  return {
    name: "verify",
    async inject() {
      const withinMs = stageMs(stage, action.within);
      const pointer = `${step.pointer}/verify`;
      const problem = await stage.verify({ expect: action.expect, withinMs, pointer });
      if (problem === undefined) return { proof: "it was met", hits: [] };
      const message = `step ${step.id}: ${problem}`;
      throw new StepTrouble({ verdict: "FAIL", code: "verify", message, pointer });
    },
  };
}
