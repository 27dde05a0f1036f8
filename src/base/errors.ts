/** The text of whatever was thrown, with the chain of its causes. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || error.name;
  return error.cause === undefined ? own : `${own}: ${errorMessage(error.cause)}`;
}

/** The `code` property of a system, Postgres or library error ("ECONNREFUSED", "23505"), if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" || typeof code === "number" ? String(code) : undefined;
}

/** For the default branch of a switch that handles every case: does not compile while one is missing. */
export function assertNever(value: never, what: string): never {
  throw new Error(`unexpected ${what}: ${JSON.stringify(value)}`);
}

/** A state that the code around it rules out. Reaching it is a bug of this program, not of its input. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Narrows away undefined and null where their absence was made sure of before; says what was missing otherwise. */
export function required<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new InvariantError(`${what} is missing`);
  return value;
}
