import { type PositionTable, pointerTo, type SourcePosition } from "../../base/index.ts";
import type { Json } from "../resolved-case.ts";

/**
 * A YAML value that knows where it was written. Merging files and filling in a matrix move values about; each keeps
 * pointing at the line that the user has to change.
 */
export type Located = LocatedScalar | LocatedList | LocatedMap;

export interface LocatedScalar {
  readonly kind: "scalar";
  readonly at: SourcePosition;
  readonly value: null | boolean | number | string;
}

export interface LocatedList {
  readonly kind: "list";
  readonly at: SourcePosition;
  readonly items: readonly Located[];
}

export interface LocatedMap {
  readonly kind: "map";
  readonly at: SourcePosition;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

export interface LocatedEntry {
  readonly keyAt: SourcePosition;
  readonly node: Located;
}

/** The plain data of a document, and where each of its values and keys was written, by JSON pointer. */
export interface PlainDocument {
  readonly json: Json;
  readonly positions: PositionTable;
  /**
   * Where a problem of a value is best shown: a single value itself, a map or list at its key. The key of an entry has
   * a place of its own, see keyPointer.
   */
  readonly places: PositionTable;
}

/** The place of the key of an entry, as opposed to that of its value. (`~k` is in no JSON pointer.) */
export function keyPointer(pointer: string): string {
  return `${pointer}~key`;
}

/** Separates the data from the positions. */
export function toPlainDocument(root: Located): PlainDocument {
  const positions: Record<string, SourcePosition> = {};
  const places: Record<string, SourcePosition> = {};
  const visit = (node: Located, pointer: string): Json => {
    positions[pointer] = node.at;
    if (node.kind === "scalar" || places[pointer] === undefined) places[pointer] = node.at;
    switch (node.kind) {
      case "scalar":
        return node.value;
      case "list":
        return node.items.map((item, index) => visit(item, pointerTo(pointer, index)));
      case "map": {
        const plain: Record<string, Json> = {};
        for (const [key, entry] of node.entries) {
          const inner = pointerTo(pointer, key);
          places[inner] = entry.keyAt;
          places[keyPointer(inner)] = entry.keyAt;
          plain[key] = visit(entry.node, inner);
        }
        return plain;
      }
    }
  };
  return { json: visit(root, ""), positions, places };
}
