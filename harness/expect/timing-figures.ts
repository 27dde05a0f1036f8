import type { HistoryEvent, StepRecord } from "../observe/evidence.ts";
import type { Facts } from "./facts.ts";

/** How long the parts of a recovery took, milliseconds from the landing of the step; undefined: it did not happen. */
export interface TimingFigures {
  readonly step: string;
  /** A master first saw one of the hit leave. */
  readonly detect: number | undefined;
  /** One of the hit was first fenced: from then on it is dead for everybody. */
  readonly decide: number | undefined;
  /** A workflow of the hit was first claimed for recovery. */
  readonly claim: number | undefined;
  /** Its first task was dispatched anew or taken over. */
  readonly resume: number | undefined;
}

/** The figures of every step that hit a node. */
export function timingFigures(facts: Facts): readonly TimingFigures[] {
  return facts.evidence.steps.flatMap((step) => {
    const figures = figuresOf(step, facts);
    return figures === undefined ? [] : [figures];
  });
}

function figuresOf(step: StepRecord, facts: Facts): TimingFigures | undefined {
  const landed = step.landedAtMs;
  if (landed === undefined || step.hit.length === 0) return undefined;
  const isHit = (incarnation: string): boolean => step.hit.some((one) => one.incarnation === incarnation);
  const after = <E extends HistoryEvent>(events: readonly E[]): readonly E[] =>
    events.filter(({ atMs }) => atMs >= landed);
  const since = (event: HistoryEvent | undefined): number | undefined =>
    event === undefined ? undefined : event.atMs - landed;

  const left = after(facts.events("cluster.node.left")).find((event) => isHit(event.ofIncarnation));
  const fenced = after(facts.events("failover.started")).find((event) => isHit(event.ofIncarnation));
  const claimed = after(facts.events("command.claimed")).find(
    (event) => event.commandType === "RECOVER_TOLERANCE_FAULT_PROCESS",
  );
  // A worker's death needs no claim: its tasks go on when their owner has seen it.
  const cause = claimed ?? fenced ?? left;
  const resumed = after(facts.evidence.history).find(
    (event) =>
      cause !== undefined &&
      event.atMs >= cause.atMs &&
      event.source === "node" &&
      (event.type === "task.dispatched" || event.type === "task.takenOver") &&
      (claimed === undefined || event.workflowInstanceId === claimed.workflowInstanceId),
  );
  return {
    step: step.id,
    detect: since(left),
    decide: since(fenced),
    claim: since(claimed),
    resume: since(resumed),
  };
}
