import { pointerTo, type SourcePosition } from "../base/index.ts";
import type { Json } from "./resolved-case.ts";

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
  readonly positions: Readonly<Record<string, SourcePosition>>;
  readonly keyPositions: Readonly<Record<string, SourcePosition>>;
}

/** Separates the data from the positions. */
export function toPlainDocument(root: Located): PlainDocument {
  const positions: Record<string, SourcePosition> = {};
  const keyPositions: Record<string, SourcePosition> = {};
  const visit = (node: Located, pointer: string): Json => {
    positions[pointer] = node.at;
    switch (node.kind) {
      case "scalar":
        return node.value;
      case "list":
        return node.items.map((item, index) => visit(item, pointerTo(pointer, index)));
      case "map": {
        const plain: Record<string, Json> = {};
        for (const [key, entry] of node.entries) {
          const inner = pointerTo(pointer, key);
          keyPositions[inner] = entry.keyAt;
          plain[key] = visit(entry.node, inner);
        }
        return plain;
      }
    }
  };
  return { json: visit(root, ""), positions, keyPositions };
}
