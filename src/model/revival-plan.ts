import type { TaskDependType } from "./vocabulary.ts";

/** A valid attempt that a recovery looks at. */
export interface RevivalTask {
  readonly id: number;
  readonly code: number;
  /** Paused ones go on as they are; failed and killed ones get a successor; the rest stays. */
  readonly found: "paused" | "failed" | "other";
}

export interface RevivalInput {
  readonly tasks: readonly RevivalTask[];
  /** `pre` 0: a root. */
  readonly edges: readonly { readonly pre: number; readonly post: number }[];
  /** Codes of the tasks to recover; empty: all that can be. */
  readonly chosen: readonly number[];
  /** With `chosen`: only them, them and what comes before, or them and what comes after. */
  readonly depend: TaskDependType;
}

/** Attempts by what becomes of them; the others are left alone. */
export interface Revival {
  readonly resume: readonly number[];
  readonly replace: readonly number[];
  /** They came after a task that is done again, so they have to be done again too. */
  readonly invalidate: readonly number[];
}

function reach(from: readonly number[], next: (code: number) => readonly number[]): Set<number> {
  const seen = new Set<number>();
  const queue = [...from];
  for (let code = queue.pop(); code !== undefined; code = queue.pop()) {
    if (seen.has(code)) continue;
    seen.add(code);
    queue.push(...next(code));
  }
  return seen;
}

/** Which attempts a recovery revives. */
export function planRevival({ tasks, edges, chosen, depend }: RevivalInput): Revival {
  const after = (code: number): number[] => edges.filter(({ pre }) => pre === code).map(({ post }) => post);
  const before = (code: number): number[] =>
    edges.filter(({ pre, post }) => post === code && pre !== 0).map(({ pre }) => pre);
  const next = { TASK_ONLY: () => [], TASK_PRE: before, TASK_POST: after }[depend];
  const wanted = chosen.length === 0 ? undefined : reach(chosen, next);
  const revived = tasks.filter(
    ({ found, code }) => found !== "other" && (wanted === undefined || wanted.has(code)),
  );
  const failed = revived.filter(({ found }) => found === "failed");
  const later = reach(
    failed.flatMap(({ code }) => after(code)),
    after,
  );
  return {
    resume: revived.filter(({ found, code }) => found === "paused" && !later.has(code)).map(({ id }) => id),
    replace: failed.filter(({ code }) => !later.has(code)).map(({ id }) => id),
    invalidate: tasks.filter(({ code }) => later.has(code)).map(({ id }) => id),
  };
}
