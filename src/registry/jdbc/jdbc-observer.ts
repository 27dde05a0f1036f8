import type { Clock } from "../../base/index.ts";
import type { SessionLease } from "../session-lease.ts";
import type { TreeNode } from "../tree-diff.ts";
import type { WatchFeed } from "../watch-feed.ts";
import { type Beat, judgeLives, type Lives } from "./judge-lives.ts";
import type { PostgresLink } from "./postgres-link.ts";
import { SQL } from "./statements.ts";

/** A lock of this session as a poll showed it. */
export interface Grant {
  readonly owner: string;
  readonly token: string;
}

export interface JdbcObserverOptions {
  readonly clock: Clock;
  readonly link: PostgresLink;
  readonly lease: SessionLease;
  readonly root: string;
  readonly sessionId: string;
  /** Told after every poll which requests of this session hold their locks. */
  readonly granted: (grants: readonly Grant[]) => void;
}

/** Shortest time from one look to the next, milliseconds, when changes come thick and fast. */
const LEAST_PERIOD_MS = 10;

/** Part of T that connecting may take: two attempts fit into a lease. */
export const CONNECTING_PART = 0.3;

/** Shortest deadline of a poll, milliseconds. */
const LEAST_DEADLINE_MS = 100;

/**
 * Looks at the whole (small) registry every T / 10 and whenever it is woken by a notification, until the session is
 * over: ends the sessions that are silent, shows the nodes to the watches, tells which locks were granted. There is no
 * event table to read after a last id: whatever a look missed, the next one sees.
 */
export class JdbcObserver {
  readonly #options: JdbcObserverOptions;
  readonly #feeds = new Map<WatchFeed, () => void>();
  #alarm = new AbortController();
  #lives: Lives | undefined;

  constructor(options: JdbcObserverOptions) {
    this.#options = options;
  }

  /** Whether there is a watch that wants to see the nodes. */
  get isShowing(): boolean {
    return this.#feeds.size > 0;
  }

  /** Looks now, or right after the present look. */
  wake(): void {
    this.#alarm.abort();
  }

  /** `shown` is called when the feed has had its first look, which begins after this call. */
  add(feed: WatchFeed, shown: () => void): void {
    this.#feeds.set(feed, shown);
    this.wake();
  }

  remove(feed: WatchFeed): void {
    this.#feeds.delete(feed);
  }

  /** Runs until the session is over. */
  async watchUntilOver(): Promise<void> {
    const { clock, lease } = this.#options;
    const forget = lease.onState(() => {
      if (lease.isOver) this.wake();
    });
    while (!lease.isOver) {
      this.#alarm = new AbortController();
      const begunMs = clock.monotonicMs();
      await this.#look();
      // So that many changes in a row are seen in a few looks, and not each by everybody.
      if (this.#alarm.signal.aborted && !lease.isOver) {
        await clock.sleep(begunMs + LEAST_PERIOD_MS - clock.monotonicMs());
      }
      if (!lease.isOver) await clock.sleep(lease.timeoutMs / 10, this.#alarm.signal);
    }
    forget();
  }

  async #look(): Promise<void> {
    const { clock, lease, link, root, sessionId } = this.#options;
    const feeds = [...this.#feeds];
    const begunMs = clock.monotonicMs();
    const deadlineMs = begunMs + Math.max(lease.timeoutMs / 5, LEAST_DEADLINE_MS);
    try {
      const values = [root, sessionId, feeds.length > 0];
      const connectMs = lease.timeoutMs * CONNECTING_PART;
      let sentMs = begunMs;
      const sent = (atMs: number): void => {
        sentMs = atMs;
      };
      const [row] = await link.run({ text: SQL.poll, values, deadlineMs, connectMs, sent });
      if (row === undefined || lease.isOver) return;
      this.#options.granted(row["grants"] as readonly Grant[]);
      for (const [feed, shown] of feeds) {
        feed.show(row["nodes"] as readonly TreeNode[]);
        shown();
      }
      const beats = (row["beats"] as readonly Beat[]).filter((beat) => beat.sessionId !== sessionId);
      await this.#judge({ sentMs, answeredMs: clock.monotonicMs(), beats });
    } catch {
      // The next look opens a new connection. The gap that this leaves is seen by judgeLives.
    }
  }

  async #judge(sighting: Parameters<typeof judgeLives>[1]): Promise<void> {
    const { lives, silent } = judgeLives(this.#lives, sighting);
    this.#lives = lives;
    const { clock, lease, link } = this.#options;
    for (const { sessionId, beatNo } of silent) {
      const deadlineMs = clock.monotonicMs() + Math.max(lease.timeoutMs / 5, LEAST_DEADLINE_MS);
      await link.run({ text: SQL.expire, values: [sessionId, beatNo], deadlineMs });
    }
  }
}
