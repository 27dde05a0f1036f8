import { textOf } from "./text-of.ts";

/** How a parameter is read. */
interface ParamOptions<T> {
  /** Used when it is absent or empty. Without one it has to be there. */
  readonly fallback?: T;
  /** Its value never stands in a message. */
  readonly secret?: boolean;
}

const TRUE = new Set(["true", "yes", "1", "on"]);
const FALSE = new Set(["false", "no", "0", "off"]);

/**
 * Parameters of a plugin instance (t_ds_alert_plugin_instance.plugin_instance_params), read by name without regard to
 * case: DolphinScheduler's own spelling differs from plugin to plugin. All its values are texts; numbers and flags may
 * be written as such. Problems are collected, so that all are told at once.
 */
export class ChannelParams {
  readonly problems: string[] = [];
  readonly #values = new Map<string, unknown>();
  readonly #known = new Set<string>();
  readonly #written = new Map<string, string>();

  constructor(values: Readonly<Record<string, unknown>>) {
    for (const [name, value] of Object.entries(values)) {
      this.#values.set(name.toLowerCase(), value);
      this.#written.set(name.toLowerCase(), name);
    }
    // Which ends it is told of; the sender looks at it, for every channel.
    this.ignore("WarningType");
  }

  /** A text that is not empty. */
  text(name: string, options: ParamOptions<string> & { readonly oneOf?: readonly string[] } = {}): string {
    const value = this.#value(name);
    if (value === undefined) return this.#absent(name, options, "a text") ?? "";
    const text = typeof value === "object" ? undefined : textOf(value);
    const { oneOf } = options;
    const meant = oneOf?.find((word) => word.toLowerCase() === text?.toLowerCase());
    if (text !== undefined && (oneOf === undefined || meant !== undefined)) return meant ?? text;
    this.#wrong(name, options, oneOf === undefined ? "a text" : `one of ${oneOf.join(", ")}`);
    return "";
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#value(name);
    if (value === undefined) return fallback;
    const word = textOf(value).toLowerCase();
    if (TRUE.has(word)) return true;
    if (!FALSE.has(word)) this.#wrong(name, {}, "true or false");
    return false;
  }

  /** A whole number from `least` to `most`. */
  number(
    name: string,
    options: { readonly fallback?: number; readonly least: number; readonly most: number },
  ): number {
    const { least, most } = options;
    const form = `a whole number from ${least} to ${most}`;
    const value = this.#value(name);
    if (value === undefined) return this.#absent(name, options, form) ?? least;
    const number = Number(value);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    this.#wrong(name, {}, form);
    return least;
  }

  /** Words between commas or semicolons, or a list. */
  list(name: string, options: ParamOptions<readonly string[]> = {}): readonly string[] {
    const value = this.#value(name);
    if (value === undefined) return this.#absent(name, options, "a list with commas between") ?? [];
    const words = Array.isArray(value) ? value.map(textOf) : textOf(value).split(/[,;]/);
    return words.map((word) => word.trim()).filter((word) => word !== "");
  }

  /** An http or https URL. Its path and query may be the secret. */
  url(name: string): URL {
    const text = this.text(name, { secret: true });
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
    if (text !== "") this.#wrong(name, { secret: true }, "a URL that begins with http:// or https://");
    return new URL("http://0.0.0.0/");
  }

  /** A map, or the JSON text of one. */
  map(name: string): Readonly<Record<string, unknown>> {
    const value = this.#value(name);
    if (value === undefined) return {};
    const map = typeof value === "string" ? parseMap(value) : asMap(value);
    if (map === undefined) this.#wrong(name, { secret: true }, "a JSON object");
    return map ?? {};
  }

  /** What the reader of a whole says of several parameters together. */
  report(problem: string): void {
    this.problems.push(problem);
  }

  /** Parameters that may be there and mean nothing here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#known.add(name.toLowerCase());
  }

  /** Reports the parameters that nobody asked for. Call it last. */
  finish(): void {
    for (const [name, written] of this.#written) {
      if (!this.#known.has(name))
        this.problems.push(`\`${written}\` is no parameter of this channel; remove it`);
    }
  }

  #value(name: string): unknown {
    this.ignore(name);
    const value = this.#values.get(name.toLowerCase());
    return value === null || value === "" ? undefined : value;
  }

  #absent<T>(name: string, { fallback }: ParamOptions<T>, form: string): T | undefined {
    if (fallback === undefined) this.problems.push(`\`${name}\` is missing; write ${form}`);
    return fallback;
  }

  #wrong(name: string, { secret }: { readonly secret?: boolean }, form: string): void {
    const shown = secret === true ? "cannot be used" : `is ${JSON.stringify(this.#value(name))}`;
    this.problems.push(`\`${name}\` ${shown}; write ${form}`);
  }
}

function asMap(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** A JSON object from its text; undefined when it is none. */
export function parseMap(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asMap(JSON.parse(text));
  } catch {
    return undefined;
  }
}
