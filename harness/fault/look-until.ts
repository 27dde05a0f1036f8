import { WaitTimeoutError } from "../../src/base/index.ts";
import { ObservationError } from "../observe/index.ts";
import type { Stage } from "./stage.ts";

/** One look at the cluster: what was looked for, or what was there instead. */
export type Look<T> = { readonly found: T } | { readonly instead: string };

/** Pause between two looks; an event in the history wakes up earlier. */
const LOOK_EVERY_MS = 10;

/**
 * Looks until it finds, at least every ten milliseconds and whenever something happened. A look that the observer
 * cannot
 * take (the case may have frozen what it asks) finds nothing. Throws WaitTimeoutError, with what was last seen, when
 * the
 * time of the case is `deadlineMs`, or the run was interrupted.
 */
export async function lookUntil<T>(
  stage: Pick<Stage, "history" | "clock" | "signal">,
  options: {
    readonly look: () => Promise<Look<T>>;
    readonly deadlineMs: number;
    readonly describe: string;
  },
): Promise<T> {
  const { history, clock, signal } = stage;
  const startedMs = history.nowMs();
  let news = new AbortController();
  const unsubscribe = history.subscribe(() => news.abort());
  const interrupt = (): void => news.abort();
  signal.addEventListener("abort", interrupt);
  try {
    for (;;) {
      news = new AbortController();
      const seen = await look(options.look);
      if ("found" in seen) return seen.found;
      const leftMs = options.deadlineMs - history.nowMs();
      if (leftMs <= 0 || signal.aborted) {
        const waitedMs = Math.round(history.nowMs() - startedMs);
        throw new WaitTimeoutError(
          `waited ${waitedMs} ms for ${options.describe}; last seen: ${seen.instead}`,
        );
      }
      await clock.sleep(Math.min(LOOK_EVERY_MS, leftMs), news.signal);
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", interrupt);
  }
}

async function look<T>(take: () => Promise<Look<T>>): Promise<Look<T>> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof ObservationError) return { instead: error.message };
    throw error;
  }
}
