import { errorMessage } from "../../../src/base/index.ts";
import { pointerTo } from "../../base/index.ts";
import { keyPointer } from "../reading/located.ts";
import type { Json } from "../resolved-case.ts";
import { parseDuration } from "../vocabulary/duration.ts";
import { nearestWord } from "../vocabulary/nearest-word.ts";
import { isList, isRecord } from "../vocabulary/read-json.ts";
import type { Scope } from "./case-scope.ts";

/** The conditions that a value may be replaced by. */
export const MATCHERS: readonly string[] = [
  "$in",
  "$not",
  "$exists",
  "$regex",
  "$gt",
  "$gte",
  "$lt",
  "$lte",
  "$contains",
  "$unordered",
  "$bind",
  "$ref",
];

/** Checks all conditions in a section: names, regular expressions, bounds, and that `$ref` comes after `$bind`. */
export function checkMatchers(scope: Scope, value: Json, pointer: string): void {
  if (isList(value)) {
    for (const [index, item] of value.entries()) checkMatchers(scope, item, pointerTo(pointer, index));
    return;
  }
  if (!isRecord(value)) return;
  const keys = Object.keys(value);
  const matchers = keys.filter((key) => key.startsWith("$") && key !== "$rest");
  for (const key of matchers) checkMatcher(scope, { key, value: value[key] ?? null, pointer });
  if (matchers.length > 0 && matchers.length < keys.length) {
    scope.sink.report(pointer, {
      code: "case/value",
      what: `conditions (${matchers.join(", ")}) and other keys cannot stand in the same map`,
    });
  }
  for (const [key, inner] of Object.entries(value)) checkMatchers(scope, inner, pointerTo(pointer, key));
}

interface Matcher {
  readonly key: string;
  readonly value: Json;
  readonly pointer: string;
}

function checkMatcher(scope: Scope, { key, value, pointer }: Matcher): void {
  const at = pointerTo(pointer, key);
  if (!MATCHERS.includes(key)) {
    const nearest = nearestWord(key, MATCHERS);
    scope.sink.report(keyPointer(at), {
      code: "case/unknown-key",
      what: `unknown condition \`${key}\``,
      why: `There are: ${MATCHERS.join(", ")}.`,
      ...(nearest === undefined ? {} : { fix: `did you mean \`${nearest}\`?` }),
    });
    return;
  }
  if (key === "$in" && isList(value) && value.length === 0) {
    scope.sink.report(at, {
      code: "case/impossible",
      what: "nothing is in an empty list: `$in` never holds",
    });
  }
  if (key === "$regex" && typeof value === "string") checkRegex(scope, value, at);
  if (/^\$[gl]te?$/.test(key) && typeof value === "string" && parseDuration(value) === undefined) {
    scope.sink.report(at, { code: "case/value", what: `\`${value}\` is neither a number nor a duration` });
  }
  if (key === "$bind" && typeof value === "string") scope.names.bound.add(value);
  if (key === "$ref" && typeof value === "string" && !scope.names.bound.has(value)) {
    scope.sink.report(at, {
      code: "case/unknown-name",
      what: `nothing is bound to \`${value}\` before this`,
      fix: `put \`{ $bind: ${value} }\` in the place of an earlier value`,
    });
  }
}

function checkRegex(scope: Scope, text: string, pointer: string): void {
  try {
    new RegExp(text);
  } catch (error) {
    scope.sink.report(pointer, {
      code: "case/value",
      what: `not a regular expression: ${errorMessage(error)}`,
    });
  }
}
