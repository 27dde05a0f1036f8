import { closest, distance } from "fastest-levenshtein";

/** A mistake in a configuration file: where, what, and how to fix it. */
export interface ConfigProblem {
  /** Path of the key, e.g. `timing.sessionTimeoutMs`. */
  readonly key: string;
  readonly message: string;
}

/** Largest distance at which another word is taken for what was meant. */
const TYPO_DISTANCE = 3;

/**
 * Reads one object of a configuration file key by key. Problems are collected, not thrown, so that all are told at
 * once; a value with a problem is replaced by the fallback.
 */
export class ConfigReader {
  readonly #path: string;
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #problems: ConfigProblem[];
  readonly #known = new Set<string>();

  constructor(value: unknown, problems: ConfigProblem[], path = "") {
    this.#path = path;
    this.#problems = problems;
    this.#object = isObject(value) ? value : {};
    if (!isObject(value)) this.#report("", `is ${describe(value)}; write an object`);
  }

  has(key: string): boolean {
    this.#known.add(key);
    return this.#object[key] !== undefined;
  }

  /** The reader of a nested object; an absent one reads as empty. */
  object(key: string): ConfigReader {
    const value = this.has(key) ? this.#object[key] : {};
    return new ConfigReader(value, this.#problems, this.#keyPath(key));
  }

  text(
    key: string,
    options: { readonly fallback?: string; readonly pattern?: RegExp; readonly form?: string } = {},
  ): string {
    const { fallback, pattern, form = "a text" } = options;
    const value = this.#value(key, { fallback, form });
    if (typeof value === "string" && value !== "" && (pattern?.test(value) ?? true)) return value;
    if (value !== undefined) this.#report(key, `is ${describe(value)}; write ${form}`);
    return fallback ?? "";
  }

  /** A number from `least` to `most`. */
  number(
    key: string,
    range: { readonly fallback?: number; readonly least: number; readonly most: number },
  ): number {
    const { fallback, least, most } = range;
    const form = `a number from ${least} to ${most}`;
    const value = this.#value(key, { fallback, form });
    if (typeof value === "number" && value >= least && value <= most) return value;
    if (value !== undefined) this.#report(key, `is ${describe(value)}; write ${form}`);
    return fallback ?? least;
  }

  oneOf<W extends string>(key: string, words: readonly [W, ...W[]], fallback?: W): W {
    const form = `one of ${words.join(", ")}`;
    const value = this.#value(key, { fallback, form });
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    if (value !== undefined) this.#report(key, `is ${describe(value)}; write ${form}${meant(value, words)}`);
    return fallback ?? words[0];
  }

  texts(key: string): readonly string[] {
    const value = this.has(key) ? this.#object[key] : [];
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    this.#report(key, `is ${describe(value)}; write a list of texts`);
    return [];
  }

  /** A table of texts. */
  table(key: string): Readonly<Record<string, string>> {
    const value = this.has(key) ? this.#object[key] : {};
    if (isObject(value) && Object.values(value).every((item) => typeof item === "string")) {
      return value as Record<string, string>;
    }
    this.#report(key, `is ${describe(value)}; write an object with texts as values`);
    return {};
  }

  /** Reports the keys that nobody asked for. Call it last. */
  finish(): void {
    for (const key of Object.keys(this.#object)) {
      if (this.#known.has(key)) continue;
      this.#report(key, `is not a key that is known here; remove it${meant(key, [...this.#known])}`);
    }
  }

  #value(key: string, options: { readonly fallback: unknown; readonly form: string }): unknown {
    if (this.has(key)) return this.#object[key];
    if (options.fallback === undefined) this.#report(key, `is missing; write ${options.form}`);
    return options.fallback;
  }

  #keyPath(key: string): string {
    return [this.#path, key].filter((part) => part !== "").join(".");
  }

  #report(key: string, message: string): void {
    this.#problems.push({ key: this.#keyPath(key) || "the file", message });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  // What is printed ends in logs: no password of a URL does.
  return (JSON.stringify(value) ?? "nothing").replace(/(:\/\/[^:/@\s"]*):[^@\s"]*@/g, "$1:***@");
}

function meant(value: unknown, words: readonly string[]): string {
  if (typeof value !== "string" || words.length === 0) return "";
  const nearest = closest(
    value.toLowerCase(),
    words.map((word) => word.toLowerCase()),
  );
  const word = words.find((candidate) => candidate.toLowerCase() === nearest) ?? "";
  return distance(value.toLowerCase(), nearest) <= TYPO_DISTANCE ? ` (did you mean ${word}?)` : "";
}
