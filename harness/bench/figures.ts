import type { Evidence } from "../observe/index.ts";

/** The middle value; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** How long each process of a case took from its start to `node.ready`. */
export function startTimesMs(evidence: Evidence): readonly number[] {
  return evidence.nodes
    .flatMap(({ lives }) => lives)
    .flatMap(({ startedAtMs, readyAtMs }) => (readyAtMs === undefined ? [] : [readyAtMs - startedAtMs]));
}

/**
 * Wall time of a case minus what nobody could save: the time in which tasks ran, the session time-out in which the end
 * has to stay as it is, and one more for a death, if it was noticed while no task ran.
 */
export function overheadMs(evidence: Evidence, durationMs: number): number {
  const faultsAtMs = evidence.steps.flatMap(({ landedAtMs }) => landedAtMs ?? []).toSorted((a, b) => a - b);
  // What never finished ran at least until it was broken: a case may wait for that moment on purpose.
  const waits: [number, number][] = evidence.snapshot.starts.map(({ startedAtMs, finishedAtMs }) => [
    startedAtMs,
    finishedAtMs ?? faultsAtMs.find((atMs) => atMs >= startedAtMs) ?? startedAtMs,
  ]);
  for (const { landedAtMs, hit } of evidence.steps) {
    if (landedAtMs !== undefined && hit.length > 0) {
      waits.push([landedAtMs, landedAtMs + evidence.sessionTimeoutMs]);
    }
  }
  return durationMs - evidence.sessionTimeoutMs - coveredMs(waits);
}

/** Length of the union of intervals. */
function coveredMs(intervals: readonly (readonly [number, number])[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const [from, to] of intervals.toSorted((one, other) => one[0] - other[0])) {
    covered += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return covered;
}

/** The smallest value that at least this share of the values does not exceed; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
