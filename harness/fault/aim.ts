import { assertNever, WaitTimeoutError } from "../../src/base/index.ts";
import type { Selector, Step, Target } from "../case/resolved-case.ts";
import { failpointFault } from "./failpoint-fault.ts";
import type { Fault } from "./fault.ts";
import { lookUntil } from "./look-until.ts";
import { operateFault } from "./operate-fault.ts";
import { type ProcessAction, processFault } from "./process-faults.ts";
import { isRole, select, type Wanted } from "./selectors.ts";
import { serviceFault } from "./service-fault.ts";
import { sqlFault } from "./sql-fault.ts";
import { type Hit, type Stage, stageMs } from "./stage.ts";
import { momentMissed, notLanded, StepTrouble } from "./step-trouble.ts";
import { verifyFault } from "./verify-fault.ts";

/** The faults of a step: all at once, or one by one. */
export interface Volley {
  readonly faults: readonly Fault[];
  readonly oneByOne: boolean;
}

/** What aiming needs to know about the moment. */
export interface Aim {
  readonly it: Hit | undefined;
  /** Until when a role may be looked up, in the time of the case. */
  readonly deadlineMs: number;
}

/** In which state a target has to be for an action to do anything. */
const WANTED: Readonly<Record<ProcessAction, Wanted>> = {
  kill: "running",
  stop: "running",
  pause: "awake",
  resume: "paused",
  start: "ended",
  restart: "any",
  replace: "any",
};

/** Looks up whom a step means, until the deadline of its moment. Throws StepTrouble. */
export async function aimStep(stage: Stage, step: Step, aim: Aim): Promise<Volley> {
  const { action } = step;
  const single = (fault: Fault): Volley => ({ faults: [fault], oneByOne: false });
  switch (action.kind) {
    case "replace":
    case "kill":
    case "stop":
    case "pause":
    case "start":
    case "resume":
    case "restart":
      return aimAt(stage, step, { kind: action.kind, target: action.target }, aim);
    case "failpoint": {
      const by = action.by && { selector: action.by, wanted: "awake" as const };
      return single(failpointFault(stage, step, action, by && (await awaitHits(stage, step, by, aim))));
    }
    case "operate":
      return single(operateFault(stage, step, action));
    case "sql":
      return single(sqlFault(stage, step, action.statement));
    case "verify":
      return single(verifyFault(stage, step, action));
    case "unsupported":
      throw new StepTrouble({
        verdict: "SKIP",
        code: "unsupported",
        message: `step ${step.id}: this version cannot do "${action.name}"`,
        pointer: step.pointer,
      });
    default:
      return assertNever(action, "action");
  }
}

async function aimAt(
  stage: Stage,
  step: Step,
  what: { readonly kind: ProcessAction; readonly target: Target },
  aim: Aim,
): Promise<Volley> {
  const { kind, target } = what;
  if (target.kind === "service") {
    if (kind === "replace") throw new Error(`a ${target.service} cannot be replaced`);
    return { faults: [serviceFault(stage, step, { kind, service: target.service })], oneByOne: false };
  }
  if (target.kind === "targets") {
    const volleys = await Promise.all(target.of.map((one) => aimAt(stage, step, { kind, target: one }, aim)));
    return { faults: volleys.flatMap(({ faults }) => faults), oneByOne: false };
  }
  const hits = await awaitHits(stage, step, { selector: target, wanted: WANTED[kind] }, aim);
  return { faults: hits.map((hit) => processFault(kind, step, hit)), oneByOne: target.kind === "each" };
}

async function awaitHits(
  stage: Stage,
  step: Step,
  whom: { readonly selector: Selector; readonly wanted: Wanted },
  aim: Aim,
): Promise<readonly Hit[]> {
  const { selector, wanted } = whom;
  const soonestMs = stage.history.nowMs() + stageMs(stage, step.landsWithin);
  try {
    return await lookUntil(stage, {
      look: () => select(stage, selector, { it: aim.it, wanted }),
      // A role may come as long as the moment may; a node that is named has to be there, or come within the landing.
      deadlineMs: isRole(selector) ? Math.max(aim.deadlineMs, soonestMs) : soonestMs,
      describe: "somebody to aim at",
    });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    const trouble = isRole(selector) ? momentMissed : notLanded;
    throw trouble(`step ${step.id}: nobody to ${step.action.kind}: ${error.message}`, step.pointer);
  }
}
