import type { Clock } from "../../src/base/index.ts";
import type { Colors } from "../report/index.ts";

/** Where a command says what it has to say. */
export interface Terminal {
  readonly clock: Clock;
  readonly colors: Colors;
  readonly write: (text: string) => void;
  /** A terminal that understands colors and can write over a line. */
  readonly isLive: boolean;
}

/** True for a terminal that obeys escape sequences: `TERM=dumb`, as in editors, does not. */
export function obeysEscapes(stream: { readonly isTTY?: boolean }, term: string | undefined): boolean {
  return stream.isTTY === true && term !== "dumb";
}
