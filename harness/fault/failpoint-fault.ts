import type { Step } from "../case/resolved-case.ts";
import type { Fault } from "./fault.ts";
import { lookUntil } from "./look-until.ts";
import { armFailpoint, type FailpointAction } from "./reached-failpoint.ts";
import type { Hit, ReachedFailpoint, Stage } from "./stage.ts";

/**
 * Arms a failpoint on those who were chosen, or on every process, later ones included. It landed when somebody reached
 * it. Whoever dies of it, dies alone: one step is one death, and the others are disarmed.
 */
export function failpointFault(
  stage: Stage,
  step: Step,
  action: FailpointAction,
  chosen: readonly Hit[] | undefined,
): Fault {
  let armed: ReachedFailpoint | undefined;
  return {
    name: `${action.do} at ${action.at}`,
    async inject({ withinMs, strike }) {
      armed =
        stage.armedEarly ??
        armFailpoint(stage, action, (process) => chosen?.some((hit) => hit.process === process) ?? true);
      const hit = await firstToReach(stage, armed, withinMs);
      if (action.do !== "die") return { proof: `${hit.node.name} reached it`, hits: [hit] };
      strike();
      await hit.process?.kill(step.id);
      armed.arming.disarm();
      return { proof: `${hit.node.name} reached it, pid ${hit.process?.pid ?? "?"} is gone`, hits: [hit] };
    },
    async undo() {
      armed?.arming.disarm();
    },
  };
}

function firstToReach(stage: Stage, armed: ReachedFailpoint, withinMs: number): Promise<Hit> {
  return lookUntil(stage, {
    look: async () => {
      const first = armed.first();
      return first === undefined ? { instead: "nobody" } : { found: first };
    },
    deadlineMs: stage.history.nowMs() + withinMs,
    describe: "a process to reach the failpoint",
  });
}
