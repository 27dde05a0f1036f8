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
export function propertyMap(list: Json): { readonly [key: string]: Json } {
  const properties = isList(list) ? list.filter(isMap) : [];
  return Object.fromEntries(properties.map(({ prop, value }) => [textOf(prop), value ?? null]));
}

/** The same for a column that holds such a list; empty when it holds something else. */
export function propertiesIn(column: Row[string] | undefined): { readonly [key: string]: Json } {
  return propertyMap(jsonIn(column));
}

/** Those of the workflow, and over them those that it was started with: the scheduler keeps them apart. */
export function paramsOfInstance(row: Row): Json {
  const command = jsonIn(row["command_param"]);
  const started = isMap(command) ? propertyMap(command["commandParams"] ?? null) : {};
  return { ...propertiesIn(row["global_params"]), ...started };
}

function jsonIn(column: Row[string] | undefined): Json {
  try {
    const value: Json = typeof column === "string" ? JSON.parse(column) : null;
    return value;
  } catch {
    return null;
  }
}
