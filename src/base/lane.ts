/**
 * Lets so many through at a time, the others in the order in which they came. There is no limit to the wait: whoever
 * is through has a deadline, so the line moves on. (The pool of the driver would give up instead, and a burst of work
 * would look like a database that is away.)
 */
export class Lane {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(width: number) {
    this.#free = width;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever waits gets this place; nobody who comes in between can take it.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
