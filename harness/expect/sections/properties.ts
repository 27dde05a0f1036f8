import type { Json } from "../../case/resolved-case.ts";
import type { Row } from "../../observe/evidence.ts";
import { isList, isMap, isMatcher, textOf } from "../matchers.ts";

/** Parameters are texts in the database, whatever they were in the case. */
export function textValues(expected: Json): Json {
  if (!isMap(expected) || isMatcher(expected)) return expected;
  const asText = (one: Json): Json => (isMatcher(one) || one === null ? one : textOf(one));
  return Object.fromEntries(Object.keys(expected).map((key) => [key, asText(expected[key] ?? null)]));
}

/** A list of parameters ([{ prop, value }]) as a map. */
export function propertyMap(list: Json): Json {
  const properties = isList(list) ? list.filter(isMap) : [];
  return Object.fromEntries(properties.map(({ prop, value }) => [textOf(prop), value ?? null]));
}

/** The same for a column that holds such a list; empty when it holds something else. */
export function propertiesIn(column: Row[string] | undefined): Json {
  try {
    const list: Json = typeof column === "string" ? JSON.parse(column) : null;
    return propertyMap(list);
  } catch {
    return {};
  }
}
