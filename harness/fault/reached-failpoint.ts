import { required } from "../../src/base/index.ts";
import type { Action, Step } from "../case/resolved-case.ts";
import type { ClusterNode, NodeProcess } from "../cluster/index.ts";
import { nodesOf } from "./selectors.ts";
import { type Hit, type ReachedFailpoint, type Stage, stageMs } from "./stage.ts";

export type FailpointAction = Extract<Action, { kind: "failpoint" }>;

type ArmStage = Pick<Stage, "armings" | "cluster" | "history" | "sessionMs">;

/** Arms the action on the processes that are meant, later ones too, and looks who reaches it. */
export function armFailpoint(
  stage: ArmStage,
  action: FailpointAction,
  on: (process: NodeProcess, node: ClusterNode) => boolean,
): ReachedFailpoint {
  let first: Hit | undefined;
  let armId: number | undefined;
  stage.history.subscribe((event) => {
    if (event.source !== "node" || event.type !== "failpoint.reached" || event.armId !== armId) return;
    const node = stage.cluster.node(event.nodeName);
    const process = required(
      node.processes.findLast((one) => one.wasIncarnation(event.incarnation)),
      `process ${event.incarnation}`,
    );
    // Several may come at once, and only one is to die.
    if (first !== undefined && action.do === "die") arming.release(process, event.holdId);
    first ??= { node, process };
  });
  const arming = stage.armings.arm({
    at: action.at,
    // Whoever is to die is held, so that it can be chosen who: one step is one death.
    do: action.do === "die" ? "hold" : action.do,
    nth: action.nth,
    delayMs: action.delay && stageMs(stage, action.delay),
    on,
  });
  armId = arming.id;
  return { arming, first: () => first };
}

/**
 * Arms the first step before any node starts, when it is a failpoint without another moment, on nodes that need no
 * looking up. Undefined: it has to wait for its turn.
 */
export function armEarly(stage: ArmStage, step: Step | undefined): ReachedFailpoint | undefined {
  if (step === undefined || step.when !== undefined || step.action.kind !== "failpoint") return undefined;
  const { action } = step;
  const { by } = action;
  if (by === undefined) return armFailpoint(stage, action, () => true);
  if (by.kind === "name") return armFailpoint(stage, action, (_, node) => node.name === by.name);
  if (by.kind !== "all" || by.except !== undefined) return undefined;
  const meant = nodesOf(stage, by.group);
  return armFailpoint(stage, action, (_, node) => meant.includes(node));
}
