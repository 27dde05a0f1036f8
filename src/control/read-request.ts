import {
  FAILURE_STRATEGY_CODES,
  PRIORITY_CODES,
  type RunOptions,
  TASK_DEPEND_TYPE_CODES,
} from "../model/index.ts";
import { RefusedError } from "./refusal.ts";

/** Reads the JSON body of a request field by field; what is of another form is refused with the field's name. */
export class BodyReader {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(body: unknown) {
    if (body !== undefined && (typeof body !== "object" || body === null || Array.isArray(body)))
      throw new RefusedError(
        "INVALID",
        "the body must be a JSON object",
        'for example {"params": {"day": "1"}}',
      );
    this.#fields = (body ?? {}) as Readonly<Record<string, unknown>>;
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return this.#fields[name];
  }

  #wrong(name: string, wanted: string): never {
    throw new RefusedError("INVALID", `${name} must be ${wanted}, is ${JSON.stringify(this.#fields[name])}`);
  }

  text(name: string): string | undefined {
    const value = this.#take(name);
    return value === undefined || typeof value === "string" ? value : this.#wrong(name, "a text");
  }

  flag(name: string): boolean | undefined {
    const value = this.#take(name);
    return value === undefined || typeof value === "boolean" ? value : this.#wrong(name, "true or false");
  }

  word<W extends string>(name: string, words: Readonly<Record<W, number>>): W | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const known = Object.keys(words) as W[];
    return known.find((word) => word === value) ?? this.#wrong(name, `one of ${known.join(", ")}`);
  }

  list(name: string): readonly (string | number)[] | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const isItem = (item: unknown): item is string | number =>
      typeof item === "string" || typeof item === "number";
    return Array.isArray(value) && value.every(isItem)
      ? value
      : this.#wrong(name, "a list of names or codes");
  }

  /** Values may be texts, numbers or booleans; scripts see texts. */
  texts(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return this.#wrong(name, "an object of names and values");
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]: [string, unknown]) => {
        if (typeof inner === "string" || typeof inner === "number" || typeof inner === "boolean")
          return [key, String(inner)];
        return this.#wrong(name, "an object of names and texts");
      }),
    );
  }

  /** Last: a field that nobody asked for is a mistake, and most likely a misspelt one. */
  end(): void {
    const unknown = Object.keys(this.#fields).find((name) => !this.#read.has(name));
    if (unknown === undefined) return;
    const known = [...this.#read];
    const fix = known.length === 0 ? "this request has no fields" : `there are ${known.join(", ")}`;
    throw new RefusedError("INVALID", `there is no field ${unknown}`, fix);
  }
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [N in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [N in K]?: V };
}

/** The options that starts, repeats and recoveries have in common. Throws RefusedError. */
export function readRunOptions(body: BodyReader): RunOptions {
  return {
    ...given("params", body.texts("params")),
    ...given("startNodes", body.list("startNodes")),
    ...given("taskDependType", body.word("taskDependType", TASK_DEPEND_TYPE_CODES)),
    ...given("priority", body.word("priority", PRIORITY_CODES)),
    ...given("failureStrategy", body.word("failureStrategy", FAILURE_STRATEGY_CODES)),
    ...given("workerGroup", body.text("workerGroup")),
    ...given("dryRun", body.flag("dryRun")),
  };
}
