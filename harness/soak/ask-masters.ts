import { type Clock, errorMessage, type Random } from "../../src/base/index.ts";
import type { OperatorAnswer, OperatorRequest } from "../../src/model/index.ts";
import type { Cluster } from "../cluster/index.ts";
import { postJson } from "../fault/index.ts";

export interface AskPorts {
  readonly cluster: Pick<Cluster, "nodes">;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** One try may take so long; then another master is asked. */
const ONE_TRY_MS = 2000;
/** Longer than all masters can be away at the same time. */
const GIVE_UP_MS = 60_000;
const PAUSE_MS = 100;

/**
 * Asks one master after the other, always with the same request id, until one answers: it is carried out once. Gives
 * why not when none did in a minute.
 */
export async function askMasters(
  ports: AskPorts,
  request: OperatorRequest["request"],
): Promise<OperatorAnswer | { readonly unanswered: string }> {
  const { cluster, clock, random, signal } = ports;
  const body: OperatorRequest = { requestId: random.uuid(), request };
  const deadlineMs = clock.monotonicMs() + GIVE_UP_MS;
  let last = "no master was up";
  while (clock.monotonicMs() < deadlineMs && !signal.aborted) {
    const ready = cluster.nodes.flatMap(({ entry, current }) =>
      entry.kind === "master" && current?.phase === "ready" ? [current] : [],
    );
    const master = ready[random.below(Math.max(1, ready.length))];
    if (master?.listenPort !== undefined) {
      try {
        const target = { host: "127.0.0.1", port: master.listenPort, path: "/rpc/operate" };
        const answer = await postJson(target, body, ONE_TRY_MS);
        if (isAnswer(answer)) return answer;
        last = `${master.name} answered ${JSON.stringify(answer)}`;
      } catch (error) {
        last = `${master.name}: ${errorMessage(error)}`;
      }
    }
    await clock.sleep(PAUSE_MS, signal);
  }
  return { unanswered: last };
}

function isAnswer(value: unknown): value is OperatorAnswer {
  return typeof value === "object" && value !== null && "accepted" in value;
}
