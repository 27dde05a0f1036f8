import { pointerTo } from "../base/index.ts";
import type { Json } from "../case/resolved-case.ts";
import type { JudgeContext } from "./context.ts";
import { isMap, matches } from "./matchers.ts";

/** One row that is expected, and where the case asks for it. */
export interface ExpectedRow {
  readonly item: Json;
  readonly pointer: string;
}

export interface CountedRows<T> {
  /** The items of the list without `$rest`. */
  readonly items: readonly Json[];
  readonly rows: readonly T[];
  /** Pointer of the list. */
  readonly pointer: string;
  readonly fits: (item: Json, row: T) => boolean;
}

/**
 * `count: 3` is three such items. A condition (`count: { $gte: 1 }`) is as many as fit from here on, when their number
 * meets it, else one: the comparison then says what is wrong.
 */
export function expandCounts<T>(counted: CountedRows<T>, context: JudgeContext): readonly ExpectedRow[] {
  const { items, rows, pointer, fits } = counted;
  const expanded: ExpectedRow[] = [];
  for (const [index, item] of items.entries()) {
    const count = isMap(item) ? (item["count"] ?? 1) : 1;
    let number = typeof count === "number" ? count : 0;
    if (typeof count !== "number") {
      while (number + expanded.length < rows.length && fitsAt(expanded.length + number, item)) number += 1;
      if (!matches(count, number, context.scope)) number += 1;
    }
    for (let time = 0; time < number; time += 1) expanded.push({ item, pointer: pointerTo(pointer, index) });
  }
  return expanded;

  function fitsAt(place: number, item: Json): boolean {
    const row = rows[place];
    return row !== undefined && fits(item, row);
  }
}
