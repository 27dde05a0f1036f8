import { type Clock, WaitTimeoutError } from "../../src/base/index.ts";
import type { NodeEvent } from "../../src/model/index.ts";
import type { HistoryEvent } from "./evidence.ts";

type WithoutTime<E> = E extends unknown ? Omit<E, "atMs"> : never;
/** What the harness itself adds: the time is put in when it arrives. */
export type HarnessEvent = WithoutTime<Exclude<HistoryEvent, { source: "node" }>>;

/** Which event to wait for. */
export interface EventWait {
  readonly matches: (event: HistoryEvent) => boolean;
  /** The nth match, from 1. Default 1. */
  readonly nth?: number;
  /** Only events at or after this time of the case count. Default 0: all. */
  readonly sinceMs?: number;
  /** Limit in milliseconds. */
  readonly withinMs: number;
  /** What is waited for, as it stands after "waited 500 ms for". */
  readonly describe: string;
  readonly signal?: AbortSignal;
}

/** Everything that happened in a case, in the order of time. Nothing is ever taken out or changed. */
export interface History {
  /** Monotonic instant of the case's start, milliseconds: `atMs` counts from here. */
  readonly startMonoMs: number;
  /** Wall clock at the same instant, milliseconds since the epoch: for what only knows the wall clock. */
  readonly startWallMs: number;
  /** Time of the case now, milliseconds. */
  nowMs(): number;
  /** All events up to now, by time; what came at the same time stands in the order of arrival. */
  events(): readonly HistoryEvent[];
  /** Takes an event of a node; its place is given by the node's own monotonic time. */
  addNodeEvent(nodeName: string, event: NodeEvent): void;
  /** Takes an event of the harness, now. */
  add(event: HarnessEvent): void;
  /** Calls back for each event that arrives from now on. Returns how to stop. */
  subscribe(listener: (event: HistoryEvent) => void): () => void;
  /** The event, also when it is already there. Throws WaitTimeoutError when the limit is over or the signal aborts. */
  waitFor(wait: EventWait): Promise<HistoryEvent>;
}

/** A new, empty history that starts now. */
export function createHistory(clock: Clock): History {
  const startMonoMs = clock.monotonicMs();
  const startWallMs = clock.now();
  const events: HistoryEvent[] = [];
  const listeners = new Set<(event: HistoryEvent) => void>();
  const nowMs = (): number => clock.monotonicMs() - startMonoMs;

  function insert(event: HistoryEvent): void {
    let at = events.length;
    while (at > 0 && (events[at - 1]?.atMs ?? 0) > event.atMs) at -= 1;
    events.splice(at, 0, event);
    for (const listener of listeners) listener(event);
  }

  return {
    startMonoMs,
    startWallMs,
    nowMs,
    events: () => events,
    addNodeEvent: (nodeName, event) =>
      insert({ ...event, source: "node", nodeName, atMs: event.monoMs - startMonoMs }),
    add: (event) => insert({ ...event, atMs: nowMs() }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    waitFor: (wait) => waitForEvent(events, listeners, clock, wait),
  };
}

function waitForEvent(
  events: readonly HistoryEvent[],
  listeners: Set<(event: HistoryEvent) => void>,
  clock: Clock,
  wait: EventWait,
): Promise<HistoryEvent> {
  const { matches, nth = 1, sinceMs = 0, withinMs, describe, signal } = wait;
  // Counted anew at each arrival: an event of a slow node may belong before those that are already here.
  const find = (): HistoryEvent | undefined =>
    events.filter((event) => event.atMs >= sinceMs && matches(event))[nth - 1];
  return new Promise((resolve, reject) => {
    const now = find();
    if (now !== undefined) return resolve(now);
    const giveUp = (): void => {
      stop();
      const seen = events.filter((event) => event.atMs >= sinceMs && matches(event)).length;
      const instead = nth > 1 ? `; it came ${seen} of ${nth} times` : "";
      reject(new WaitTimeoutError(`waited ${Math.round(withinMs)} ms for ${describe}${instead}`));
    };
    const look = (event: HistoryEvent): void => {
      if (event.atMs < sinceMs || !matches(event)) return;
      const found = find();
      if (found === undefined) return;
      stop();
      resolve(found);
    };
    const timer = clock.setTimer(withinMs, giveUp);
    function stop(): void {
      timer.cancel();
      listeners.delete(look);
      signal?.removeEventListener("abort", giveUp);
    }
    listeners.add(look);
    signal?.addEventListener("abort", giveUp);
    if (signal?.aborted) giveUp();
  });
}
