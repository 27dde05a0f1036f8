/** A place in a case file. Line and column count from 1. */
export interface SourcePosition {
  /** As the user named it, or relative to the working directory. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where each value of an effective case was written: by JSON pointer ("/expect/instances/0/state"). */
export type PositionTable = Readonly<Record<string, SourcePosition>>;

/** The position of a pointer, or of the nearest thing around it that has one. */
export function positionOf(positions: PositionTable, pointer: string): SourcePosition | undefined {
  let here = pointer;
  for (;;) {
    const found = positions[here];
    if (found !== undefined) return found;
    if (here === "") return undefined;
    here = here.slice(0, here.lastIndexOf("/"));
  }
}

/** One step of a JSON pointer. */
export function pointerTo(base: string, key: string | number): string {
  return `${base}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
