import type { Random } from "../../src/base/index.ts";
import type { Action, Duration, Step } from "../case/resolved-case.ts";

/** What a disturbance does, how often it is drawn, and what it takes of the time until the next one can come. */
const KINDS = [
  { kind: "kill", weight: 4, takesMs: 50 },
  { kind: "pause", weight: 3, takesMs: 50 },
  { kind: "stop", weight: 3, takesMs: 600 },
] as const;

/** Milliseconds between two disturbances. */
const PAUSE_MS = { from: 800, to: 3500 } as const;
/**
 * How long a node that was killed or stopped stays away: from a plain restart, before its session can have
 * ended, to long
 * after.
 */
const AWAY_SESSIONS = { from: 0, to: 3 } as const;
/** How long a frozen one stands still: most of them come to themselves after their session's end. */
const FROZEN_SESSIONS = { from: 0.2, to: 3 } as const;
/** A node that stops hands over first, and one that starts may have to wait for a busy machine. */
const LANDS_WITHIN_MS = 25_000;

export interface DisturbanceOptions {
  readonly random: Random;
  /** How long disturbances come, milliseconds. */
  readonly durationMs: number;
}

const ms = (value: number): Duration => ({ unit: "ms", value: Math.round(value) });
const between = (random: Random, { from, to }: { readonly from: number; readonly to: number }): number =>
  from + random.next() * (to - from);

function drawKind(random: Random): (typeof KINDS)[number] {
  const total = KINDS.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.below(total);
  for (const entry of KINDS) {
    left -= entry.weight;
    if (left < 0) return entry;
  }
  return KINDS[0];
}

/** How long it lasts. */
function lasting(random: Random, kind: (typeof KINDS)[number]["kind"]): Duration {
  const range = kind === "pause" ? FROZEN_SESSIONS : AWAY_SESSIONS;
  return { unit: "sessions", value: Math.round(between(random, range) * 100) / 100 };
}

/**
 * Disturbances as the steps of a case: a random node (master or worker, whoever is up at that moment) is killed, frozen
 * or stopped, and comes back after a while, when others may already have been hit. The same seed gives the
 * same steps.
 */
export function planDisturbances({ random, durationMs }: DisturbanceOptions): readonly Step[] {
  const steps: Step[] = [];
  for (let atMs = 0; atMs < durationMs; ) {
    const pauseMs = between(random, PAUSE_MS);
    const { kind, takesMs } = drawKind(random);
    const pointer = `/inject/${steps.length}`;
    const action: Action = { kind, target: { kind: "any", group: "nodes", except: undefined } };
    steps.push({
      id: `hit-${steps.length + 1}`,
      pointer,
      when: { pointer, what: { kind: "delay" }, delay: [ms(pauseMs), ms(pauseMs)], within: ms(20_000) },
      action,
      for: lasting(random, kind),
      landsWithin: ms(LANDS_WITHIN_MS),
      times: 1,
      every: undefined,
    });
    atMs += pauseMs + takesMs;
  }
  return steps;
}
