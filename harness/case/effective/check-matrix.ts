import type { Problem } from "../../base/index.ts";
import { type Located, type LocatedMap, toPlainDocument } from "../reading/located.ts";

/** All `$matrix` paths that stand in a document: "row.end". */
function pathsIn(node: Located): readonly string[] {
  switch (node.kind) {
    case "scalar":
      return typeof node.value === "string" && node.value.startsWith("$matrix.")
        ? [node.value.slice("$matrix.".length)]
        : [];
    case "list":
      return node.items.flatMap(pathsIn);
    case "map":
      return [...node.entries.values()].flatMap((entry) => pathsIn(entry.node));
  }
}

const within = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}.`);

/**
 * Fields of the maps of a key that nothing asks for: a word that was misspelt, or a test that tests nothing. The first
 * one may be there for its word alone, which is the name of the sub-test.
 */
function unusedFields(key: string, items: readonly Located[], used: readonly string[]): readonly Problem[] {
  // The whole value is put in somewhere: so are its fields.
  if (used.includes(key)) return [];
  const seen = new Set<string>();
  return items.flatMap((item) =>
    item.kind !== "map"
      ? []
      : [...item.entries].flatMap(([field, { keyAt, node }], index): readonly Problem[] => {
          if (index === 0 && node.kind === "scalar") return [];
          const path = `${key}.${field}`;
          if (seen.has(path) || used.some((one) => within(one, path))) return [];
          seen.add(path);
          return [{ code: "case/matrix", what: `\`$matrix.${path}\` is asked for nowhere`, at: keyAt }];
        }),
  );
}

/** The same value twice is the same sub-test twice. */
function doubledValues(key: string, items: readonly Located[]): readonly Problem[] {
  const seen = new Set<string>();
  return items.flatMap((item): readonly Problem[] => {
    const value = JSON.stringify(toPlainDocument(item).json);
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [
      {
        code: "case/duplicate",
        what: `\`matrix.${key}\` has this value already`,
        fix: "run it more often with `--repeat`",
        at: item.at,
      },
    ];
  });
}

/** What a matrix holds and the case does not use, or holds twice. */
export function checkMatrix(matrix: LocatedMap, rest: LocatedMap): readonly Problem[] {
  const used = pathsIn(rest);
  return [...matrix.entries].flatMap(([key, { keyAt, node }]): readonly Problem[] => {
    if (node.kind !== "list") return [];
    if (!used.some((path) => within(path, key))) {
      return [{ code: "case/matrix", what: `\`$matrix.${key}\` is asked for nowhere`, at: keyAt }];
    }
    return [...unusedFields(key, node.items, used), ...doubledValues(key, node.items)];
  });
}
