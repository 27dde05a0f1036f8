import { required } from "../../src/base/index.ts";
import type { Action, Step } from "../case/resolved-case.ts";
import type { Arming } from "./armings.ts";
import type { Fault } from "./fault.ts";
import { lookUntil } from "./look-until.ts";
import { type Hit, type Stage, stageMs } from "./stage.ts";

/**
 * Arms a failpoint on those who were chosen, or on every process, later ones included. It landed when somebody reached
 * it. Whoever dies of it, dies alone: one step is one death, and the others are disarmed.
 */
export function failpointFault(
  stage: Stage,
  step: Step,
  action: Extract<Action, { kind: "failpoint" }>,
  chosen: readonly Hit[] | undefined,
): Fault {
  let arming: Arming | undefined;
  const arm = (): Arming =>
    stage.armings.arm({
      at: action.at,
      do: action.do,
      nth: action.nth,
      delayMs: action.delay && stageMs(stage, action.delay),
      on: (process) => chosen?.some((hit) => hit.process === process) ?? true,
    });
  return {
    name: `${action.do} at ${action.at}`,
    async inject({ withinMs }) {
      arming = arm();
      const hit = await firstToReach(stage, step, { arming, withinMs, dies: action.do === "die" });
      return {
        proof: `${hit.node.name} reached it${await consequence(action.do, arming, hit)}`,
        hits: [hit],
      };
    },
    async undo() {
      arming?.disarm();
    },
  };
}

async function consequence(
  what: "hold" | "delay" | "fail" | "die",
  arming: Arming,
  { process }: Hit,
): Promise<string> {
  if (what !== "die") return "";
  arming.disarm();
  await process?.ended;
  return `, pid ${process?.pid ?? "?"} is gone`;
}

async function firstToReach(
  stage: Stage,
  step: Step,
  what: { readonly arming: Arming; readonly withinMs: number; readonly dies: boolean },
): Promise<Hit> {
  const { arming, withinMs, dies } = what;
  let first: Hit | undefined;
  const unsubscribe = stage.history.subscribe((event) => {
    if (event.source !== "node" || event.type !== "failpoint.reached" || event.armId !== arming.id) return;
    const node = stage.cluster.node(event.nodeName);
    const process = required(
      node.processes.findLast((one) => one.wasIncarnation(event.incarnation)),
      `process ${event.incarnation}`,
    );
    // In the same turn in which the event was read: its end has not been seen yet, so that the step gets the blame.
    if (dies) process.blame(step.id);
    first ??= { node, process };
  });
  try {
    return await lookUntil(stage, {
      look: async () => (first === undefined ? { instead: "nobody" } : { found: first }),
      deadlineMs: stage.history.nowMs() + withinMs,
      describe: "a process to reach the failpoint",
    });
  } finally {
    unsubscribe();
  }
}
