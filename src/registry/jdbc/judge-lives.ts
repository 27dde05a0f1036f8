/** A session as one poll showed it. */
export interface Beat {
  readonly sessionId: string;
  readonly beatNo: string;
  readonly timeoutMs: number;
}

/** A poll: its two instants on the observer's monotonic clock, and what it showed. */
export interface Sighting {
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly beats: readonly Beat[];
}

/** What the observer remembers of a session: since when it has seen this very beat. */
interface KnownBeat {
  readonly beatNo: string;
  readonly sinceMs: number;
}

/** What the observer remembers from one poll to the next. */
export interface Lives {
  readonly answeredMs: number;
  readonly known: ReadonlyMap<string, KnownBeat>;
}

/**
 * Who has been silent for its whole time-out, as this observer saw it, by its own monotonic clock (OWNERSHIP, "Death
 * of X"). A beat counts as seen from the answer that first showed it, and as silent at the *sending* of the poll that
 * shows it again: both on the safe side. After a gap of more than T / 2 between the observer's own polls all ages start
 * anew: it was the database, the link or the observer that stood still, and nobody shall die of that.
 */
export function judgeLives(
  before: Lives | undefined,
  sighting: Sighting,
): { lives: Lives; silent: readonly Beat[] } {
  const gapMs = before === undefined ? Number.POSITIVE_INFINITY : sighting.answeredMs - before.answeredMs;
  const known = new Map<string, KnownBeat>();
  const silent: Beat[] = [];
  for (const beat of sighting.beats) {
    const last = gapMs > beat.timeoutMs / 2 ? undefined : before?.known.get(beat.sessionId);
    const since = last?.beatNo === beat.beatNo ? last : { beatNo: beat.beatNo, sinceMs: sighting.answeredMs };
    known.set(beat.sessionId, since);
    if (sighting.sentMs - since.sinceMs >= beat.timeoutMs) silent.push(beat);
  }
  return { lives: { answeredMs: sighting.answeredMs, known }, silent };
}
