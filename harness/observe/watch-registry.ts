import type { Clock } from "../../src/base/index.ts";
import type { RegistryRecord } from "./evidence.ts";
import type { History } from "./history.ts";
import type { RegistryView } from "./registry-view.ts";

const DEFAULT_PERIOD_MS = 20;
/** After a look in vain: the registry may be frozen, by the case itself. */
const PERIOD_AFTER_ERROR_MS = 100;

export interface RegistryWatchOptions {
  readonly view: RegistryView;
  readonly history: History;
  readonly clock: Clock;
  /** Pause between two looks. Default 20 ms. */
  readonly periodMs?: number;
}

export interface RegistryWatch {
  /** What was there at the last look. */
  lastSeen(): readonly RegistryRecord[];
  /** Resolves when the last look is over. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Looks at the registry again and again and puts what came and went into the history. Polling, not a watch of the
 * registry's own: the judge must not depend on what it judges. What comes and goes between two looks is not seen.
 */
export function watchRegistry(options: RegistryWatchOptions): RegistryWatch {
  const { view, history, clock, periodMs = DEFAULT_PERIOD_MS } = options;
  const stopped = new AbortController();
  let seen: readonly RegistryRecord[] = [];

  async function look(): Promise<void> {
    while (!stopped.signal.aborted) {
      const now = await view.tree().catch(() => undefined);
      if (now !== undefined && !stopped.signal.aborted) {
        for (const change of differences(seen, now)) history.add({ source: "registry", ...change });
        seen = now;
      }
      await clock.sleep(now === undefined ? PERIOD_AFTER_ERROR_MS : periodMs, stopped.signal);
    }
  }
  const looking = look();
  return {
    lastSeen: () => seen,
    stop() {
      stopped.abort();
      return looking;
    },
  };
}

interface RegistryChange {
  readonly type: "registry.entry.added" | "registry.entry.removed";
  readonly path: string;
  readonly value: string;
}

/** What went, then what came. A node that another session made anew has gone and come. */
export function differences(
  before: readonly RegistryRecord[],
  after: readonly RegistryRecord[],
): readonly RegistryChange[] {
  const keyOf = ({ kind, path, sessionId }: RegistryRecord): string => `${kind} ${sessionId ?? ""} ${path}`;
  const old = new Map(before.map((record) => [keyOf(record), record]));
  const present = new Map(after.map((record) => [keyOf(record), record]));
  const removed = before.filter((record) => !present.has(keyOf(record)));
  const added = after.filter((record) => !old.has(keyOf(record)));
  return [
    ...removed.map(({ path, value }) => ({ type: "registry.entry.removed" as const, path, value })),
    ...added.map(({ path, value }) => ({ type: "registry.entry.added" as const, path, value })),
  ];
}
