/** What stands in a line: compared from the left, the smaller goes first; the older task where all is equal. */
export interface Waiting {
  readonly taskId: number;
  readonly order: readonly number[];
}

export function compareWaiting(left: Waiting, right: Waiting): number {
  for (const [index, value] of left.order.entries()) {
    const difference = value - (right.order[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.taskId - right.taskId;
}

/** Tasks of one worker group in their order. Kept sorted: a burst of thousands is looked at after every delivery. */
export class WaitingLine<T extends Waiting> {
  readonly #items: T[] = [];

  get length(): number {
    return this.#items.length;
  }

  get head(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#items.splice(this.#placeOf(item), 0, item);
  }

  /** Takes an item out that was added. */
  remove(item: T): void {
    const place = this.#placeOf(item);
    if (this.#items[place] === item) this.#items.splice(place, 1);
  }

  /** The first place whose item does not go before this one. */
  #placeOf(item: T): number {
    let from = 0;
    let to = this.#items.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const there = this.#items[middle];
      if (there !== undefined && compareWaiting(there, item) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
