import type { Duration, Json, RawSection } from "../resolved-case.ts";
import { parseDuration } from "./duration.ts";

/**
 * Tolerant readers: what the schema has already complained about is simply not there, so that the checks that follow
 * can look at the rest of the file and name all its problems in one go.
 */
export function isRecord(value: Json | undefined): value is RawSection {
  return typeof value === "object" && value !== null && !isList(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function readMap(value: Json | undefined): RawSection {
  return isRecord(value) ? value : {};
}

export function readList(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

export function readText(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function readNumber(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A word, or a list of words. */
export function readWords(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return readList(value).filter((item) => typeof item === "string");
}

/** A word, or a list of words, each with the end of its JSON pointer. */
export function readWordsAt(
  value: Json | undefined,
  pointer: string,
): readonly { word: string; pointer: string }[] {
  if (typeof value === "string") return [{ word: value, pointer }];
  return readList(value).flatMap((item, index) =>
    typeof item === "string" ? [{ word: item, pointer: `${pointer}/${index}` }] : [],
  );
}

export function readDuration(value: Json | undefined): Duration | undefined {
  return typeof value === "string" ? parseDuration(value) : undefined;
}

/** One of the words of a table. */
export function readWord<W extends string>(
  value: Json | undefined,
  words: readonly W[] | Readonly<Record<W, unknown>>,
): W | undefined {
  const known: readonly string[] = Array.isArray(words) ? words : Object.keys(words);
  return typeof value === "string" && known.includes(value) ? (value as W) : undefined;
}

/** Values by name, as text: `{ x: 1 }` is `{ x: "1" }`. */
export function readParams(value: Json | undefined): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  for (const [name, one] of Object.entries(readMap(value))) {
    if (typeof one === "string" || typeof one === "number" || typeof one === "boolean")
      params[name] = String(one);
  }
  return params;
}
