import type { Clock } from "../../src/base/index.ts";
import type { Colors } from "../report/index.ts";

/** Where a command says what it has to say. */
export interface Terminal {
  readonly clock: Clock;
  readonly colors: Colors;
  readonly write: (text: string) => void;
}
