/**
 * Set-up and tear-down as pairs. Push the release *before* the set-up runs, so that a set-up that fails half-way is
 * torn
 * down too; a release must therefore cope with nothing having been set up.
 */
export class ReleaseStack {
  readonly #releases: { name: string; release: () => void | Promise<void> }[] = [];

  /** Adds a release; the last added runs first. */
  push(name: string, release: () => void | Promise<void>): void {
    this.#releases.push({ name, release });
  }

  /** Runs all releases, last first, and goes on after an error; then throws the first error. Idempotent. */
  async release(): Promise<void> {
    const errors: Error[] = [];
    for (;;) {
      const entry = this.#releases.pop();
      if (entry === undefined) break;
      try {
        await entry.release();
      } catch (error) {
        errors.push(new Error(`could not release ${entry.name}`, { cause: error }));
      }
    }
    if (errors[0] !== undefined) throw errors[0];
  }
}
