import { formatInstanceRef, type MomentSubject } from "../case/index.ts";
import type { NodeProcess } from "../cluster/index.ts";
import type { HistoryEvent } from "../observe/index.ts";
import { targetText } from "./describe.ts";
import { type Look, lookUntil } from "./look-until.ts";
import { select } from "./selectors.ts";
import type { Hit, Stage } from "./stage.ts";

export type FailpointSubject = Extract<MomentSubject, { kind: "failpoint" }>;
type Reached = Extract<HistoryEvent, { type: "failpoint.reached" }>;

/**
 * A failpoint that a step waits for. It is armed everywhere before the step before it does anything, since what that
 * step causes may be there within a millisecond; who comes too early, or is not meant, goes on at once.
 */
export interface FailpointWatch {
  /** Who reaches it at this time of the case or later counts. */
  countFrom(sinceMs: number): void;
  /** The process that is held there. Throws WaitTimeoutError. */
  held(deadlineMs: number): Promise<Hit>;
  /** Whether this is the process that was found. */
  holds(process: NodeProcess): boolean;
  /** Lets it go on, and takes the arming away. Idempotent. */
  release(): void;
}

export function failpointText(subject: FailpointSubject): string {
  const by = subject.by === undefined ? "a process" : targetText(subject.by);
  const about = subject.instance === undefined ? "" : ` for ${formatInstanceRef(subject.instance)}`;
  const nth = subject.nth === 1 ? "" : ` time ${subject.nth}`;
  return `${by} to be at failpoint ${subject.at}${about}${nth}`;
}

/** Arms the failpoint on all processes, those that will start included. */
export function watchFailpoint(stage: Stage, subject: FailpointSubject): FailpointWatch {
  const arming = stage.armings.arm({ at: subject.at, do: "hold", on: () => true });
  const waiting: Reached[] = [];
  let sinceMs: number | undefined;
  let counted = 0;
  let found: Hit | undefined;

  const processOf = (event: Reached): NodeProcess | undefined =>
    stage.cluster
      .node(event.nodeName)
      .processes.findLast((process) => process.wasIncarnation(event.incarnation));
  const letGo = (event: Reached): void => {
    const process = processOf(event);
    if (process !== undefined) arming.release(process, event.holdId);
  };
  const unsubscribe = stage.history.subscribe((event) => {
    if (event.source !== "node" || event.type !== "failpoint.reached" || event.armId !== arming.id) return;
    if (sinceMs === undefined || event.atMs < sinceMs) letGo(event);
    else waiting.push(event);
  });

  /** Judges those who came, in their order; a look that fails leaves them waiting for the next one. */
  const look = async (): Promise<Look<Hit>> => {
    for (;;) {
      const [event] = waiting;
      if (found !== undefined) return { found };
      if (event === undefined)
        return { instead: counted === 0 ? "nobody" : `${counted} of ${subject.nth} times` };
      const hit = await whoIsMeant(stage, subject, { event, process: processOf(event) });
      waiting.shift();
      if (hit !== undefined) counted += 1;
      if (hit === undefined || counted < subject.nth) {
        letGo(event);
        continue;
      }
      found = hit;
      arming.disarm(hit.process);
      for (const later of waiting.splice(0)) letGo(later);
    }
  };
  return {
    countFrom: (ms) => (sinceMs = ms),
    held: (deadlineMs) => lookUntil(stage, { look, deadlineMs, describe: failpointText(subject) }),
    holds: (process) => found?.process === process,
    release() {
      unsubscribe();
      arming.disarm();
    },
  };
}

async function whoIsMeant(
  stage: Stage,
  subject: FailpointSubject,
  who: { readonly event: Reached; readonly process: NodeProcess | undefined },
): Promise<Hit | undefined> {
  const { event, process } = who;
  if (process === undefined || process.phase === "ended") return undefined;
  if (subject.instance !== undefined) {
    const instances = await stage.observer.instanceStates(subject.instance);
    if (!instances.some(({ id }) => id === event.workflowInstanceId)) return undefined;
  }
  const hit = { node: stage.cluster.node(event.nodeName), process };
  if (subject.by === undefined) return hit;
  // "any master" is whichever comes, not one that is drawn beforehand.
  const by = subject.by.kind === "any" ? ({ ...subject.by, kind: "all" } as const) : subject.by;
  const meant = await select(stage, by, { it: undefined, wanted: "any" });
  return "found" in meant && meant.found.some((one) => one.process === process) ? hit : undefined;
}
