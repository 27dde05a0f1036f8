import { describeEvent } from "../describe-event.ts";
import type { Facts } from "../facts.ts";
import type { Breach, Invariant } from "./invariant.ts";
import { mayBeDeadSince } from "./lives.ts";

/**
 * A task that runs on a living worker is taken over when its master dies, not given up: no NEED_FAULT_TOLERANCE for an
 * attempt whose worker started it, has not told its end and gave no reason to be taken for dead.
 * Source: dolphinscheduler.md 12.7 and 4.6.
 */
export const liveNotRerun: Invariant = {
  name: "live-not-rerun",
  rule: "a task is not run again while its worker lives",
  check: (facts) =>
    facts
      .events("task.state")
      .filter((event) => event.state === "NEED_FAULT_TOLERANCE" && event.from !== "NEED_FAULT_TOLERANCE")
      .flatMap(({ taskInstanceId, taskName, atMs }) => givenUp({ taskInstanceId, taskName, atMs }, facts)),
};

interface GivenUp {
  readonly taskInstanceId: number;
  readonly taskName: string;
  readonly atMs: number;
}

function givenUp({ taskInstanceId, taskName, atMs }: GivenUp, facts: Facts): readonly Breach[] {
  const started = facts
    .events("task.started")
    .findLast((event) => event.taskInstanceId === taskInstanceId && event.atMs < atMs);
  const life = started === undefined ? undefined : facts.lifeOf(started.incarnation);
  if (started === undefined || life?.node.kind !== "worker") return [];
  const ended = facts
    .events("task.finished")
    .some((event) => event.taskInstanceId === taskInstanceId && event.incarnation === life.incarnation);
  const deadSince = mayBeDeadSince(life, facts);
  if (ended || (deadSince !== undefined && deadSince <= atMs)) return [];
  return [
    {
      message: `${taskName}, attempt ${taskInstanceId}, was given up while ${life.node.name} lived and ran it`,
      details: [describeEvent(started, facts)],
    },
  ];
}
