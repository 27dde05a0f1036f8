import type { Located } from "../reading/located.ts";

/** Fields of a map that a label is made of, at most. */
const MAX_FIELDS = 3;
const MAX_LENGTH = 60;

/**
 * Short texts for the values of a matrix key, each different: the value itself, the first fields of a map as far as
 * they are needed to tell the maps apart, or the number of the value where that gets too long.
 */
export function labelValues(values: readonly Located[]): readonly string[] {
  for (let fields = 1; fields <= MAX_FIELDS; fields += 1) {
    const labels = values.map((value) => labelOf(value, fields));
    const usable = labels.every((label) => label !== "" && label.length <= MAX_LENGTH);
    if (usable && new Set(labels).size === labels.length) return labels;
  }
  return values.map((_, index) => String(index + 1));
}

function labelOf(value: Located, fields: number): string {
  switch (value.kind) {
    case "scalar":
      return String(value.value).replaceAll(/\s+/g, "_");
    case "list":
      return value.items.map((item) => labelOf(item, fields)).join("+");
    case "map": {
      const entries = [...value.entries];
      if (entries.length === 1) {
        return entries.map(([key, entry]) => `${key}:${labelOf(entry.node, fields)}`).join("");
      }
      return entries
        .slice(0, fields)
        .map(([, entry]) => labelOf(entry.node, fields))
        .join("/");
    }
  }
}
