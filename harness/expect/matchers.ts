import type { Json } from "../case/resolved-case.ts";
import { millisecondsIn } from "./durations.ts";

/** What matchers look up beside the value itself. Bindings grow as `$bind` meets values. */
export interface MatchScope {
  readonly bindings: Map<string, Json>;
  readonly sessionTimeoutMs: number;
  /** "<master-1>" in a text of the case is that node's address. */
  replaceNodes(text: string): string;
}

/** Why a value does not match, as the end of "…: expected <this>". */
export interface Mismatch {
  /** Below the value that was asked for: ["tasks", "A", 0]. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly actual: string;
}

type JsonMap = { readonly [key: string]: Json };

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const isList = (value: unknown): value is readonly Json[] => Array.isArray(value);

/** A map of `$` keys only. */
export function isMatcher(value: Json | undefined): value is JsonMap {
  return (
    isMap(value) && Object.keys(value).length > 0 && Object.keys(value).every((key) => key.startsWith("$"))
  );
}

const isRest = (value: Json | undefined): boolean => isMap(value) && value["$rest"] === "ignore";

/** A list without its `$rest: ignore`, and whether it had one. */
export function splitRest(list: readonly Json[]): {
  readonly items: readonly Json[];
  readonly open: boolean;
} {
  return isRest(list.at(-1)) ? { items: list.slice(0, -1), open: true } : { items: list, open: false };
}

/** A value as it would stand in YAML, in one line. */
export function show(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * Compares a value with what the case asks for. Maps are partial, lists exact unless they end in `$rest: ignore`,
 * matchers mean what CASE-FORMAT says. Undefined: it matches.
 */
export function mismatchOf(
  expected: Json,
  actual: Json | undefined,
  scope: MatchScope,
): Mismatch | undefined {
  if (isMatcher(expected)) return mismatchOfMatcher(expected, actual, scope);
  if (isList(expected)) return mismatchOfList(expected, actual, scope);
  if (isMap(expected)) return mismatchOfMap(expected, actual, scope);
  return sameScalar(expected, actual, scope) ? undefined : notMet(show(expected), actual);
}

/** Tries without leaving bindings behind when it fails. */
export function matches(expected: Json, actual: Json | undefined, scope: MatchScope): boolean {
  const bindings = new Map(scope.bindings);
  if (mismatchOf(expected, actual, { ...scope, bindings }) !== undefined) return false;
  for (const [name, value] of bindings) scope.bindings.set(name, value);
  return true;
}

function notMet(expected: string, actual: Json | undefined): Mismatch {
  return { path: [], expected, actual: show(actual) };
}

function sameScalar(expected: Json, actual: Json | undefined, scope: MatchScope): boolean {
  if (expected === null) return actual === null || actual === undefined;
  if (typeof expected === "string") {
    const text = scope.replaceNodes(expected);
    return typeof actual === "string"
      ? actual === text
      : typeof actual === "number" && String(actual) === text;
  }
  if (typeof expected === "number") return Number(actual ?? Number.NaN) === expected && actual !== "";
  // A flag of a table is 0 or 1.
  return actual === expected || (typeof actual === "number" && actual === Number(expected));
}

function mismatchOfMap(expected: JsonMap, actual: Json | undefined, scope: MatchScope): Mismatch | undefined {
  if (!isMap(actual)) return notMet(show(expected), actual);
  for (const [key, value] of Object.entries(expected)) {
    if (key === "$rest") continue;
    const found = mismatchOf(value, actual[key], scope);
    if (found !== undefined) return { ...found, path: [key, ...found.path] };
  }
  return undefined;
}

function mismatchOfList(
  expected: readonly Json[],
  actual: Json | undefined,
  scope: MatchScope,
): Mismatch | undefined {
  const { items, open } = splitRest(expected);
  if (!isList(actual)) return notMet(show(expected), actual);
  if (actual.length < items.length || (!open && actual.length > items.length)) {
    return notMet(`${items.length}${open ? " or more" : ""} items ${show(items)}`, actual);
  }
  for (const [index, item] of items.entries()) {
    const found = mismatchOf(item, actual[index], scope);
    if (found !== undefined) return { ...found, path: [index, ...found.path] };
  }
  return undefined;
}

/** Each item takes one of the others that is still free; tried in order, with a way back. */
export function matchUnordered<T>(
  items: readonly Json[],
  candidates: readonly T[],
  fits: (item: Json, candidate: T) => boolean,
): boolean {
  const [item, ...others] = items;
  if (item === undefined) return true;
  return candidates.some(
    (candidate, index) =>
      fits(item, candidate) && matchUnordered(others, candidates.toSpliced(index, 1), fits),
  );
}

function mismatchOfMatcher(
  matcher: JsonMap,
  actual: Json | undefined,
  scope: MatchScope,
): Mismatch | undefined {
  for (const [name, operand] of Object.entries(matcher)) {
    if (!holds(name, operand, actual, scope)) return notMet(`${name} ${show(operand)}`, actual);
  }
  return undefined;
}

function holds(name: string, operand: Json, actual: Json | undefined, scope: MatchScope): boolean {
  switch (name) {
    case "$in":
      return isList(operand) && operand.some((item) => matches(item, actual, scope));
    case "$not":
      return !matches(operand, actual, { ...scope, bindings: new Map(scope.bindings) });
    case "$exists":
      return (actual !== null && actual !== undefined) === operand;
    case "$regex":
      return typeof operand === "string" && new RegExp(operand).test(textOf(actual));
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return compare(name, operand, actual, scope);
    case "$contains":
      return contains(operand, actual, scope);
    case "$unordered":
      return isList(operand) && isList(actual) && unordered(operand, actual, scope);
    case "$bind":
      scope.bindings.set(textOf(operand), actual ?? null);
      return true;
    case "$ref":
      return scope.bindings.has(textOf(operand)) && same(scope.bindings.get(textOf(operand)), actual ?? null);
    case "$rest":
      return true;
    default:
      return false;
  }
}

const same = (one: Json | undefined, other: Json): boolean => JSON.stringify(one) === JSON.stringify(other);
/** A value as text: as it is, or as JSON; nothing for null. */
export const textOf = (value: Json | undefined): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

function compare(name: string, operand: Json, actual: Json | undefined, scope: MatchScope): boolean {
  if (actual === null || actual === undefined) return false;
  const limit = millisecondsIn(operand, scope.sessionTimeoutMs) ?? operand;
  const order = orderOf(actual, limit);
  if (order === undefined) return false;
  switch (name) {
    case "$gt":
      return order > 0;
    case "$gte":
      return order >= 0;
    case "$lt":
      return order < 0;
    default:
      return order <= 0;
  }
}

/** Numbers as numbers, texts (instants among them) as texts. */
function orderOf(actual: Json, limit: Json): number | undefined {
  const isNumeric = (value: Json): boolean =>
    typeof value === "number" || (typeof value === "string" && value !== "" && !Number.isNaN(Number(value)));
  if (isNumeric(actual) && isNumeric(limit)) return Number(actual) - Number(limit);
  if (typeof actual !== "string" || typeof limit !== "string") return undefined;
  return actual < limit ? -1 : actual > limit ? 1 : 0;
}

function contains(operand: Json, actual: Json | undefined, scope: MatchScope): boolean {
  if (typeof actual === "string") return actual.includes(scope.replaceNodes(textOf(operand)));
  if (isList(actual)) return actual.some((item) => matches(operand, item, scope));
  if (!isMap(actual)) return false;
  return typeof operand === "string" ? operand in actual : matches(operand, actual, scope);
}

function unordered(operand: readonly Json[], actual: readonly Json[], scope: MatchScope): boolean {
  const { items, open } = splitRest(operand);
  if (actual.length < items.length || (!open && actual.length > items.length)) return false;
  return matchUnordered(items, actual, (item, candidate) => matches(item, candidate, scope));
}
